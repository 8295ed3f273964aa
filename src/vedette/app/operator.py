"""What an operator does beside the running service: migrate, register sources, manage people."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vedette.api.source_import import ImportReport, import_sources
from vedette.app.ground import ground, now_ms
from vedette.app.people import Desk
from vedette.app.sales import project_of
from vedette.auth.keys import Keys
from vedette.auth.people import People
from vedette.auth.projects import Projects
from vedette.auth.rules import OPERATOR
from vedette.settings import Settings
from vedette.store import schema
from vedette.store.db import open_database


async def migrate(settings: Settings) -> bool:
    """Bring the schema up to date; return whether anything had to be done.

    Raises:
        Misconfigured: the database cannot be used.
        Unavailable: it does not answer.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    db = open_database(settings.database_url)
    try:
        return await db.write(schema.upgrade)
    finally:
        await db.close()


async def register_sources(settings: Settings, text: str, project: str | None) -> ImportReport:
    """Register the video sources of a file under the ids given there.

    Raises:
        InvalidParameter: the project is not known, or none is named and there are several.
        Malformed: the file is no JSON of the forms that are taken.
        Misconfigured: the database cannot be used.
    """
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        return await import_sources(base.db, base.vault, chosen, text, now_ms, base.settings.quotas)


@asynccontextmanager
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """Open the database beside the service, with the right to manage everybody.

    Raises:
        Misconfigured: the database cannot be used.
        Unavailable: it does not answer.
    """
    async with ground(settings) as base:
        yield Desk(
            People(base.db, now_ms, OPERATOR),
            Projects(base.db, now_ms, OPERATOR),
            Keys(base.db, base.vault, now_ms, OPERATOR),
        )
