"""Groups and sources for tests of batch tasks, and bodies that are in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service import CLOUD, Answer, Client, Service
from sqlalchemy import Connection

from vedette.model.group import VideoGroup
from vedette.model.source import AccessType, SourceKind, VideoSource
from vedette.store import groups, video_sources


def with_group(service: Service, client: Client, name: str, sources: Sequence[str], access: str = "cloud") -> str:
    """Bring in a group with these sources, which are made if they are not there; return its id."""
    project, kind = client.account.project_id, AccessType(access)
    group_id = f"group-{name}-{project[:8]}"

    def write(conn: Connection) -> None:
        known = set(video_sources_of(conn, project))
        for one in sources:
            if one not in known:
                config = {"URL_ADDRESS": "rtsp://10.0.0.7:554/main"}
                made = VideoSource(one, project, f"name of {one}", kind, SourceKind.URL, "<config/>", config)
                video_sources.insert(conn, service.vault, made)
        groups.insert(conn, VideoGroup(group_id, project, name, kind), sources)

    service.run(service.db.write(write))
    return group_id


def video_sources_of(conn: Connection, project: str) -> list[str]:
    from sqlalchemy import select  # noqa: PLC0415 - only here

    from vedette.store.tables import video_sources as rows  # noqa: PLC0415 - named otherwise above

    return list(conn.execute(select(rows.c.id).where(rows.c.project_id == project)).scalars())


def group(group_id: str, *sources: str | dict[str, Any]) -> dict[str, Any]:
    """Return a group as it is sent."""
    listed = [{"video_source_id": one} if isinstance(one, str) else one for one in sources]
    return {"video_source_group_id": group_id, "video_source_list": listed}


def body(*groups_in: dict[str, Any], **further: Any) -> dict[str, Any]:
    """Return a batch as it is sent."""
    return {
        "name": "gates",
        "batch_input": {"video_source_group": list(groups_in)},
        "output": {"event_center": True},
        "service_name": CLOUD,
        "service_version": "3.0",
    } | further


@dataclass
class Batches:
    """The operations, as a client has them."""

    client: Client
    made: list[str] = field(default_factory=list)

    @property
    def root(self) -> str:
        return f"{self.client.root}/batch-tasks"

    def create(self, sent: Any, key: str = "") -> Answer:
        return self.client.call("POST", self.root, sent, Idempotency_Key=key)

    def created(self, sent: Any) -> Any:
        answer = self.create(sent)
        assert answer.status == 200, answer.text
        return answer.json

    def listed(self, query: str = "") -> Any:
        answer = self.client.call("GET", f"{self.root}?{query}")
        assert answer.status == 200, answer.text
        return answer.json

    def names(self, query: str = "") -> list[str]:
        return [one["batch_task_name"] for one in self.listed(query)["batch_task_list"]]

    def update(self, batch_id: str, sent: Any) -> Answer:
        return self.client.call("PUT", f"{self.root}/{batch_id}", sent)

    def tell(self, batch_id: str, command: str) -> Answer:
        return self.client.call("PUT", f"{self.root}/{batch_id}/action/{command}")

    def delete(self, batch_id: str) -> Answer:
        return self.client.call("DELETE", f"{self.root}/{batch_id}")
