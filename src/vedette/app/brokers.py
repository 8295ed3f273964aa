"""Brokers, managed beside the running service; it takes notice within a second."""

from typing import Any

from pydantic import ValidationError

from vedette.api.errors import invalid
from vedette.app.ground import ground, now_ms, policy
from vedette.app.sales import project_of
from vedette.control import brokers as rules
from vedette.model.broker import Broker
from vedette.schemas.brokers import BrokerCheck, BrokerCreate
from vedette.settings import Settings
from vedette.store import brokers, projects


async def add(settings: Settings, project: str | None, fields: dict[str, Any]) -> Broker:
    """Register a broker.

    Raises:
        InvalidParameter: a field breaks its rule, or the project is not known.
        AlreadyExists: the project has a broker with that name.
    """
    try:
        body = BrokerCreate.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from None
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        broker = body.broker(body.name, now_ms(), now_ms())
        return await base.db.write(rules.register, base.vault, chosen, broker)


async def listed(settings: Settings, project: str | None) -> list[Broker]:
    """Return the brokers of a project, by name."""
    async with ground(settings) as base:
        return await base.db.read(brokers.all_of, base.vault, await project_of(base.db, project))


async def remove(settings: Settings, project: str | None, name: str) -> None:
    """Forget a broker.

    Raises:
        NotFound: the project has none with that name.
    """
    async with ground(settings) as base:
        await base.db.write(brokers.remove, await project_of(base.db, project), name)


async def check(settings: Settings, project: str | None, name: str, stream_name: str) -> None:
    """Connect to a broker, and see whether it would take the events of a stream.

    Raises:
        SinkError: it would not.
        NotFound: the project has no such broker.
        InvalidParameter: the name of the stream breaks its rule.
    """
    try:
        wanted = BrokerCheck(stream_name=stream_name)
    except ValidationError as error:
        raise invalid(error) from None
    async with ground(settings) as base:
        chosen = await project_of(base.db, project)
        broker = await base.db.read(brokers.get, base.vault, chosen, name)
        allow = await base.db.read(projects.guard_allow, chosen)
    await rules.check(policy(settings), allow, broker, wanted.stream_name)
