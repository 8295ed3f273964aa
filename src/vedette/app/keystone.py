"""The external Keystone, where the settings name one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from vedette.auth.keystone import Account, Keystone
from vedette.model.errors import Misconfigured
from vedette.settings import Settings
from vedette.store.db import Database


@asynccontextmanager
async def external_keystone(
    settings: Settings, db: Database, clock: Callable[[], int]
) -> AsyncIterator[Keystone | None]:
    """Give what validates foreign tokens, or None where no Keystone is named.

    Its session is not guarded: the address is the operator's own, and often that of a machine nearby.

    Raises:
        Misconfigured: its password is missing.
    """
    if settings.keystone_url is None:
        yield None
        return
    if settings.keystone_password is None:
        raise Misconfigured("VEDETTE_KEYSTONE_URL needs VEDETTE_KEYSTONE_PASSWORD as well.")
    account = Account(
        url=settings.keystone_url,
        user=settings.keystone_user,
        password=settings.keystone_password.get_secret_value(),
        project=settings.keystone_project,
        domain=settings.keystone_domain,
    )
    async with aiohttp.ClientSession() as session:
        yield Keystone(session, account, db, clock)
