"""Deliveries, managed beside the running service: what was given up, and what webhooks of a project may reach."""

from collections.abc import AsyncIterator, Sequence

from pydantic import ValidationError

from vedette.api.errors import invalid
from vedette.app.ground import ground, now_ms
from vedette.app.sales import project_of
from vedette.model.ids import TaskId
from vedette.schemas.webhook_secrets import GuardAllow
from vedette.settings import Settings
from vedette.store import dead_letters as letters
from vedette.store import projects
from vedette.store.dead_letters import DeadLetter
from vedette.store.delivery_attempts import Attempt

PAGE = 1000


async def dead_letters(settings: Settings, project: str | None, task_id: str | None) -> AsyncIterator[DeadLetter]:
    """Give the deliveries of a project that were given up, the oldest first, page by page.

    Raises:
        InvalidParameter: the project is not known.
    """
    task = None if task_id is None else TaskId(task_id)
    async with ground(settings) as base:
        chosen, after = await project_of(base.db, project), 0
        while page := await base.db.read(letters.page, chosen, after=after, limit=PAGE, task_id=task):
            for letter in page:
                yield letter
            after = page[-1].id


async def dead_letter(settings: Settings, project: str | None, letter_id: int) -> tuple[DeadLetter, list[Attempt]]:
    """Return one delivery of a project that was given up, and its attempts.

    Raises:
        NotFound: the project has no such delivery.
        InvalidParameter: the project is not known.
    """
    async with ground(settings) as base:
        return await base.db.read(letters.get, await project_of(base.db, project), letter_id)


async def retry(settings: Settings, project: str | None, letter_id: int | None) -> int:
    """Send one delivery again that was given up, or all of a project; return how many. The service sends them soon.

    Raises:
        NotFound: the project has no such delivery.
        InvalidParameter: the project is not known.
    """
    async with ground(settings) as base:
        chosen, now = await project_of(base.db, project), now_ms()
        if letter_id is not None:
            await base.db.write(letters.resend, chosen, letter_id, now)
            return 1
        count = 0
        while some := await base.db.write(letters.resend_all, chosen, now, before_ms=now):
            count += some
        return count


async def allow(settings: Settings, project: str, places: Sequence[str] | None) -> list[str]:
    """Say what the webhooks of a project may reach besides what the guard lets through, if told; return what it is.

    Raises:
        InvalidParameter: a place is none, or the project is not known.
    """
    try:
        wanted = None if places is None else GuardAllow(guard_allow=list(places)).guard_allow
    except ValidationError as error:
        raise invalid(error) from None
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        if wanted is not None:
            await base.db.write(projects.set_guard_allow, chosen, wanted)
        return await base.db.read(projects.guard_allow, chosen)
