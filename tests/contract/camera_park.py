"""Sources, groups and tasks for the tests of their lists: made over HTTP, their states set in the database."""

from typing import Any

from bodies import SOURCE, TASK
from service import CLOUD, EDGE, Client, Service
from sqlalchemy import Connection, update

from vedette.model.ids import ProjectId
from vedette.model.lifecycle import State
from vedette.model.look import Look
from vedette.model.source import SourceLevel
from vedette.store import source_lists, source_looks
from vedette.store.source_looks import Seen
from vedette.store.tables import group_members, tasks


def address(url: str) -> str:
    return f"<type_config><url_address>{url}</url_address></type_config>"


def config(**leaves: str) -> str:
    return "<config>" + "".join(f"<{name}>{value}</{name}>" for name, value in leaves.items()) + "</config>"


def source(client: Client, name: str = "camera 1", **given: Any) -> str:
    """Make a source; return its id."""
    answer = client.call("POST", f"{client.root}/source", SOURCE | {"video_source_name": name} | given)
    assert answer.status == 200, answer.text
    return str(answer.json["video_source_id"])


def group(client: Client, name: str = "gates", **given: Any) -> str:
    """Make a group; return its id."""
    body = {"video_group_name": name, "access_type": "cloud"} | given
    answer = client.call("POST", f"{client.root}/video-group", body)
    assert answer.status == 200, answer.text
    return str(answer.json["video_group_id"])


def task(client: Client, source_id: str, name: str, *, edge: bool = False, **given: Any) -> str:
    """Make a task that looks at a source; return its id."""
    looks = {"type": "video_source", "data": [{"video_source_id": source_id}]}
    return client.created(TASK | {"name": name, "input": looks} | given, EDGE if edge else CLOUD)


def stand(service: Service, task_id: str, state: State, **columns: Any) -> None:
    """Put a task into a state, as the loops would."""

    def write(conn: Connection) -> None:
        conn.execute(update(tasks).where(tasks.c.id == task_id).values(state=state, **columns))

    service.run(service.db.write(write))


def seen(
    service: Service, client: Client, source_id: str, level: SourceLevel = SourceLevel.ONLINE, reason: str = "",
    look: Look | None = None,
) -> None:  # fmt: skip
    """Say how a source was seen to be, as the loop of the looks would."""

    def write(conn: Connection) -> bool:
        project, at = ProjectId(client.account.project_id), service.clock.now
        since = source_lists.chosen(conn, project, [source_id])[0].sight.since
        found = Seen(level, reason, look)
        return source_looks.note(conn, project, source_id, found, at=at, due_at=at + 600_000, since=since)

    assert service.run(service.db.write(write))


def members(service: Service, group_id: str) -> set[str]:
    """Return who is in a group."""

    def read(conn: Connection) -> set[str]:
        here = group_members.c.group_id == group_id
        return set(
            conn.execute(group_members.select().where(here).with_only_columns(group_members.c.source_id)).scalars()
        )

    found: set[str] = service.run(service.db.read(read))
    return found
