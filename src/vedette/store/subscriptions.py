"""Who is told of the events of a project's event center.

Each subscription is a destination of the outbox, under its own id: calls, tries and dead letters are those of webhooks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from vedette.model.errors import NameTaken, NotFound, NotReferable, QuotaReached
from vedette.model.ids import ProjectId
from vedette.model.output import OutputKind, WebhookOutput
from vedette.model.review import Subscription
from vedette.store.event_rules import await_turn
from vedette.store.tables import destinations, insert_new, outbox, subscriptions, video_sources
from vedette.store.vault import Vault

MOST: Final = 100
"""Subscriptions of one project."""
OF_NO_TASK: Final = ""
"""The destination of a subscription is of no single task."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the deliveries of a subscription stand.

    Attributes:
        sources: how many video sources it is about.
        delivered: events that were delivered and acknowledged.
        pending: deliveries that are still to be made.
        dead: deliveries that were given up.
    """

    sources: int
    delivered: int
    pending: int
    dead: int


@dataclass(frozen=True, slots=True)
class Listener:
    """A subscription, as far as it matters who is told; no sources: all."""

    id: str
    sources: frozenset[str]


def insert(conn: Connection, vault: Vault, project_id: ProjectId, new: Subscription) -> None:
    """Write a new subscription; it is told of what is stored, or approved, from now on.

    Raises:
        NameTaken: a subscription of the project has the name.
        NotReferable: a video source is none of the project.
        QuotaReached: the project has as many as it may.
    """
    await_turn(conn, project_id)
    here = subscriptions.c.project_id == project_id
    if conn.execute(select(func.count()).select_from(subscriptions).where(here)).scalar_one() >= MOST:
        raise QuotaReached(f"The project has {MOST} subscriptions, and cannot have more.")
    _check(conn, project_id, new)
    row = _row(vault, new) | {"id": new.id, "project_id": project_id, "created_at": new.created_at}
    try:
        conn.execute(subscriptions.insert().values(row))
    except IntegrityError:  # somebody took the name between the look and the insert
        raise _taken(new) from None
    place = {"id": new.id, "project_id": project_id, "task_id": OF_NO_TASK, "kind": OutputKind.WEBHOOK}
    conn.execute(destinations.insert().values(place | {"target": vault.seal(new.target)}))


def get(conn: Connection, vault: Vault, project_id: ProjectId, subscription_id: str) -> Subscription:
    """Return a subscription of the project.

    Raises:
        NotFound: the project has none with that id.
    """
    row = conn.execute(select(subscriptions).where(*_key(project_id, subscription_id))).first()
    if row is None:
        raise _unknown()
    return _subscription(vault, row)


def all_of(conn: Connection, vault: Vault, project_id: ProjectId) -> list[Subscription]:
    """Return the subscriptions of a project, the oldest first."""
    here = select(subscriptions).where(subscriptions.c.project_id == project_id)
    rows = conn.execute(here.order_by(subscriptions.c.created_at, subscriptions.c.id))
    return [_subscription(vault, row) for row in rows]


def change(conn: Connection, vault: Vault, project_id: ProjectId, new: Subscription) -> None:
    """Write how a subscription is from now on; what is still due for it goes to its new address.

    Raises:
        NotFound: the project has none with that id.
        NameTaken: another subscription of the project has the name.
        NotReferable: a video source is none of the project.
    """
    await_turn(conn, project_id)
    _check(conn, project_id, new)
    here = update(subscriptions).where(*_key(project_id, new.id))
    try:
        if not conn.execute(here.values(_row(vault, new))).rowcount:
            raise _unknown()
    except IntegrityError:
        raise _taken(new) from None
    conn.execute(update(destinations).where(destinations.c.id == new.id).values(target=vault.seal(new.target)))


def remove(conn: Connection, project_id: ProjectId, subscription_id: str) -> None:
    """Remove a subscription, and what is still due or given up for it.

    Raises:
        NotFound: the project has none with that id.
    """
    await_turn(conn, project_id)
    if not conn.execute(delete(subscriptions).where(*_key(project_id, subscription_id))).rowcount:
        raise _unknown()
    conn.execute(delete(outbox).where(outbox.c.destination_id == subscription_id))
    conn.execute(delete(destinations).where(destinations.c.id == subscription_id))


def standing(conn: Connection, project_id: ProjectId, subscription_id: str) -> Standing:
    """Return how a subscription stands.

    Raises:
        NotFound: the project has none with that id.
    """
    wanted = select(subscriptions.c.sources, subscriptions.c.delivered).where(*_key(project_id, subscription_id))
    row = conn.execute(wanted).first()
    if row is None:
        raise _unknown()
    of_it = select(outbox.c.state, func.count().label("number")).where(outbox.c.destination_id == subscription_id)
    counts = {row.state: row.number for row in conn.execute(of_it.group_by(outbox.c.state))}
    sources = len(json.loads(row.sources))
    if not sources:
        every = select(func.count()).select_from(video_sources).where(video_sources.c.project_id == project_id)
        sources = conn.execute(every).scalar_one()
    return Standing(sources, row.delivered + counts.get("done", 0), counts.get("due", 0), counts.get("dead", 0))


def audience(conn: Connection, project_id: ProjectId) -> list[Listener]:
    """Return who is to be told of the events of a project."""
    here = select(subscriptions.c.id, subscriptions.c.sources).where(subscriptions.c.project_id == project_id)
    rows = conn.execute(here.order_by(subscriptions.c.id))
    return [Listener(row.id, frozenset(json.loads(row.sources))) for row in rows]


def push(conn: Connection, listeners: Sequence[Listener], event: Mapping[str, Any], now_ms: int) -> int:
    """Let everybody whom an event is for be told of it; return how many they are.

    Args:
        event: its row.
    """
    keys = {"event_id": event["id"], "project_id": event["project_id"], "task_id": event["task_id"]}
    due = {"state": "due", "attempts": 0, "next_attempt_at": now_ms, "created_at": now_ms}
    wanted = [one.id for one in listeners if not one.sources or event["video_source_id"] in one.sources]
    return insert_new(conn, outbox, [keys | due | {"destination_id": name} for name in wanted])


def keep_count(conn: Connection, leaving: ColumnElement[bool]) -> None:
    """Count deliveries that were made to subscriptions before the rows of the outbox that tell it leave."""
    made = (
        select(outbox.c.destination_id, func.count().label("number"))
        .join(subscriptions, subscriptions.c.id == outbox.c.destination_id)
        .where(leaving, outbox.c.state == "done")
        .group_by(outbox.c.destination_id)
    )
    for row in conn.execute(made).all():
        here = update(subscriptions).where(subscriptions.c.id == row.destination_id)
        conn.execute(here.values(delivered=subscriptions.c.delivered + row.number))


def _check(conn: Connection, project_id: ProjectId, new: Subscription) -> None:
    same = (subscriptions.c.project_id == project_id, subscriptions.c.name == new.name, subscriptions.c.id != new.id)
    if conn.execute(select(subscriptions.c.id).where(*same)).first():
        raise _taken(new)
    known = _known(conn, project_id, new.sources)
    missing = [source for source in new.sources if source not in known]
    if missing:
        raise NotReferable(f"There is no video source {missing[0]}.", param="sources")


def _known(conn: Connection, project_id: ProjectId, sources: Sequence[str]) -> set[str]:
    here = select(video_sources.c.id).where(video_sources.c.project_id == project_id, video_sources.c.id.in_(sources))
    return set(conn.execute(here).scalars()) if sources else set()


def _key(project_id: ProjectId, subscription_id: str) -> tuple[ColumnElement[bool], ...]:
    return subscriptions.c.project_id == project_id, subscriptions.c.id == subscription_id


def _row(vault: Vault, new: Subscription) -> dict[str, Any]:
    return {
        "name": new.name,
        "description": new.description,
        "sources": json.dumps(new.sources),
        "target": vault.seal(new.target),
        "updated_at": new.updated_at,
    }


def _subscription(vault: Vault, row: Row[Any]) -> Subscription:
    return Subscription(
        row.id,
        row.name,
        vault.unseal(row.target, WebhookOutput),
        tuple(json.loads(row.sources)),
        row.description,
        row.created_at,
        row.updated_at,
    )


def _taken(new: Subscription) -> NameTaken:
    return NameTaken(f"A subscription of this project has the name {new.name!r}.", param="name")


def _unknown() -> NotFound:
    return NotFound("No subscription of this project has that id.", param="subscription_id")
