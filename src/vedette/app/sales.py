"""What an operator sells, beside the running service: orders, terms of services, quotas. It takes notice by itself."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from vedette.algorithms.registry import Registry
from vedette.app.ground import Ground, ground, now_ms
from vedette.control.sales import Sales
from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId, new_hex
from vedette.model.quota import Resource
from vedette.model.service import ResourceOrder
from vedette.settings import Settings
from vedette.store import orders, projects
from vedette.store.db import Database
from vedette.store.quotas import Usage

_NAMED: Final = 5
"""Projects that a message names at most."""


async def add_order(
    settings: Settings, project: str | None, name: str | None, service: str | None, streams: int, expires: str | None
) -> ResourceOrder:
    """Register an order.

    Raises:
        InvalidParameter: the project is not known, or `expires` is no time.
        NotReferable: there is no such service.
        AlreadyExists: the project has an order with that id.
    """
    async with _open(settings) as (base, sales):
        chosen = await project_of(base.db, project)
        order = ResourceOrder(chosen, name or new_hex(), service, streams, _time(expires), now_ms())
        await base.db.write(sales.register, order)
        return order


async def list_orders(settings: Settings, project: str | None) -> list[ResourceOrder]:
    """Return the orders of a project, oldest first."""
    async with ground(settings) as base:
        return await base.db.read(orders.of_project, await project_of(base.db, project))


async def remove_order(settings: Settings, project: str | None, name: str) -> None:
    """Forget an order.

    Raises:
        NotFound: no such order is registered.
        IllegalTransition: tasks name it.
    """
    async with ground(settings) as base:
        await base.db.write(orders.remove, await project_of(base.db, project), name)


async def commercial(settings: Settings) -> frozenset[str]:
    """Return the names of the services that demand an order."""
    async with ground(settings) as base:
        return await base.db.read(orders.commercial)


async def set_commercial(settings: Settings, service: str, *, commercial: bool) -> None:
    """Say whether a service demands an order.

    Raises:
        NotFound: there is no such service.
    """
    async with _open(settings) as (base, sales):
        await base.db.write(sales.set_commercial, service, commercial=commercial)


async def set_limits(
    settings: Settings, project: str | None, limits: dict[Resource, int | None]
) -> dict[Resource, Usage]:
    """Set quotas of a project, if any are given; return what it has and may have."""
    async with _open(settings) as (base, sales):
        return await base.db.write(sales.set_limits, await project_of(base.db, project), limits)


async def project_of(db: Database, named: str | None) -> ProjectId:
    """Return the project of a name or an id, or the only one.

    Raises:
        InvalidParameter: it is not known, or none was named and there are several.
    """
    known = await db.read(projects.listed)
    fitting = [one for one in known if named in (None, one.id)] or [one for one in known if one.name == named]
    if len(fitting) != 1:
        raise InvalidParameter(_no_project(named, known), param="project")
    return fitting[0].id


def _no_project(named: str | None, known: Sequence[projects.ProjectRow]) -> str:
    """Say what to do: a database without a project is mostly not the service's."""
    if not known:
        return (
            "There is no project in this database: give the settings of the service (VEDETTE_DATA_DIR or "
            "VEDETTE_DATABASE_URL), and start it once."
        )
    names = f"{', '.join(one.name for one in known[:_NAMED])}{', …' if len(known) > _NAMED else ''}"
    return (
        f"There is no one project {named}; there are {names}."
        if named
        else f"Name the project with --project: {names}."
    )


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[tuple[Ground, Sales]]:
    async with ground(settings) as base:
        yield base, Sales(Registry.load(folder=settings.services_dir), settings.quotas)


def _time(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(f"{text!r} is no time such as 2027-01-31T18:00:00Z.", param="expires") from None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
