"""The first start: the first project and user, from the settings or made at random and written where their owner finds them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from vedette.auth import first_start
from vedette.auth.first_start import Account
from vedette.settings import Settings
from vedette.store.db import Database
from vedette.store.vault import Vault

log = structlog.get_logger()

FILE = "credentials.json"


async def prepare(settings: Settings, db: Database, vault: Vault, clock: Callable[[], int]) -> None:
    """Make the first account if there is none.

    Raises:
        Unavailable: the database does not answer.
    """
    if not await first_start.needed(db):
        return
    given = _given(settings)
    account = Account(**given)
    path = settings.data_dir / FILE
    _write(path, {name: value for name, value in _shown(account).items() if name not in given or "id" in name})
    await first_start.store(db, vault, account, clock)
    log.info("first project and user made; what was generated stands in a file", file=str(path))


def _given(settings: Settings) -> dict[str, Any]:
    """Return what the operator chose, by the field of the account."""
    chosen = {
        "project_id": settings.bootstrap_project_id,
        "project_name": settings.bootstrap_project_name,
        "user_name": settings.bootstrap_user,
        "password": settings.bootstrap_password,
        "token": settings.bootstrap_token,
        "access_key": settings.bootstrap_access_key,
        "secret_key": settings.bootstrap_secret_key,
    }
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in chosen.items()
        if value is not None
    }


def _shown(account: Account) -> dict[str, str]:
    names = ("project_id", "project_name", "domain", "user_name", "password", "token", "access_key", "secret_key")
    return {name: str(getattr(account, name)) for name in names}


def _write(path: Path, account: dict[str, str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        json.dump(account, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(descriptor)
