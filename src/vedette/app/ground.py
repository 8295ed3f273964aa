"""What every command of the operator stands on: the data folder, the vault and the database."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import structlog

from vedette.model.errors import Misconfigured
from vedette.model.guard import GuardPolicy
from vedette.settings import Settings
from vedette.store import schema, video_sources
from vedette.store.db import Database, open_database
from vedette.store.vault import Vault

log = structlog.get_logger()


def now_ms() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Ground:
    """What every command of the operator stands on."""

    settings: Settings
    vault: Vault
    db: Database


@contextlib.asynccontextmanager
async def ground(settings: Settings, on_commit: Callable[[int], None] | None = None) -> AsyncIterator[Ground]:
    """Open the data folder, the vault and the database, and bring the schema up to date.

    Raises:
        Misconfigured: one of them cannot be used.
        Unavailable: the database does not answer.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        vault = (
            Vault(settings.secret_key.get_secret_value())
            if settings.secret_key
            else Vault.from_file(settings.secret_key_file)
        )
    except OSError as error:
        raise Misconfigured(f"The data folder {settings.data_dir} cannot be used: {error.strerror}.") from error
    db = open_database(settings.database_url, on_commit)
    try:
        if await db.write(schema.upgrade):
            await db.write(video_sources.reread, vault)
            log.info("schema brought up to date", revision=schema.HEAD)
        yield Ground(settings, vault, db)
    finally:
        await db.close()


def policy(settings: Settings) -> GuardPolicy:
    """Return the guard's policy."""
    return GuardPolicy.parse(settings.guard, list(settings.guard_allow))
