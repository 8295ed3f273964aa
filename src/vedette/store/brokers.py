"""The brokers of projects; their passwords are sealed."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, delete, select, update

from vedette.model.broker import MOST_BROKERS, Broker
from vedette.model.errors import AlreadyExists, InvalidParameter, NotFound, QuotaReached
from vedette.model.ids import ProjectId
from vedette.store.tables import brokers, insert_new, projects
from vedette.store.vault import Vault


def all_of(conn: Connection, vault: Vault, project_id: ProjectId) -> list[Broker]:
    """Return the brokers of a project, by name."""
    rows = conn.execute(select(brokers.c.config).where(brokers.c.project_id == project_id).order_by(brokers.c.name))
    return [vault.unseal(row.config, Broker) for row in rows]


def get(conn: Connection, vault: Vault, project_id: ProjectId, name: str) -> Broker:
    """Return a broker of the project.

    Raises:
        NotFound: the project has none with that name.
    """
    here = (brokers.c.project_id == project_id, brokers.c.name == name)
    row = conn.execute(select(brokers.c.config).where(*here)).first()
    if row is None:
        raise NotFound(f"There is no broker {name}.", param="broker_name")
    return vault.unseal(row.config, Broker)


def hold(conn: Connection, project_id: ProjectId) -> None:
    """Keep others from changing the project's brokers until the transaction ends."""
    conn.execute(select(projects.c.id).where(projects.c.id == project_id).with_for_update())


def insert(conn: Connection, vault: Vault, project_id: ProjectId, broker: Broker) -> None:
    """Write a new broker.

    Raises:
        AlreadyExists: the project has a broker with that name.
        InvalidParameter: another broker has one of its streams, or all the others, already.
        QuotaReached: the project has as many brokers as it may.
    """
    hold(conn, project_id)
    known = all_of(conn, vault, project_id)
    if any(other.name == broker.name for other in known):
        raise AlreadyExists(f"There is a broker {broker.name} already.", param="name")
    if len(known) >= MOST_BROKERS:
        raise QuotaReached(f"The project has {MOST_BROKERS} brokers, and cannot have more.")
    _check_streams(broker, known)
    key = {"project_id": project_id, "name": broker.name, "created_at": broker.created_at}
    insert_new(conn, brokers, [key | _columns(vault, broker)])


def rewrite(conn: Connection, vault: Vault, project_id: ProjectId, broker: Broker) -> None:
    """Write how a broker is now.

    Raises:
        InvalidParameter: another broker has one of its streams, or all the others, already.
    """
    hold(conn, project_id)
    _check_streams(broker, all_of(conn, vault, project_id))
    here = (brokers.c.project_id == project_id, brokers.c.name == broker.name)
    conn.execute(update(brokers).where(*here).values(_columns(vault, broker)))


def remove(conn: Connection, project_id: ProjectId, name: str) -> None:
    """Forget a broker.

    Raises:
        NotFound: the project has none with that name.
    """
    here = (brokers.c.project_id == project_id, brokers.c.name == name)
    if conn.execute(delete(brokers).where(*here)).rowcount == 0:
        raise NotFound(f"There is no broker {name}.", param="broker_name")


def _check_streams(broker: Broker, known: Iterable[Broker]) -> None:
    """Check that it stays clear where a stream goes."""
    for other in known:
        if other.name == broker.name:
            continue
        if not other.streams and not broker.streams:
            raise InvalidParameter(
                f"The broker {other.name} has all streams that no broker names: name those of this one.",
                param="streams",
            )
        if shared := set(other.streams) & set(broker.streams):
            raise InvalidParameter(f"The broker {other.name} has the stream {min(shared)} already.", param="streams")


def _columns(vault: Vault, broker: Broker) -> dict[str, object]:
    return {
        "kind": broker.kind,
        "streams": json.dumps(broker.streams),
        "config": vault.seal(broker),
        "updated_at": broker.updated_at,
    }
