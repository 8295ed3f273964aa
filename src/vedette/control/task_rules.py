"""What a task's document must obey beyond its own fields, and what is drawn from it; for new tasks and changed ones."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from vedette.algorithms.base import Manifest
from vedette.algorithms.registry import Registry, check_config
from vedette.control import terms
from vedette.control.services import deploy_type
from vedette.delivery.categories import lacking
from vedette.model.errors import InvalidParameter, NotReferable
from vedette.model.ids import ProjectId
from vedette.model.schedule import WEEKLY
from vedette.model.secrets import without_userinfo
from vedette.model.source import InputType, TaskInput
from vedette.model.task import TaskDocument
from vedette.store.tables import video_sources

ONLY: Final[Mapping[InputType, str]] = {
    InputType.OBS: "cloud",
    InputType.URL: "cloud",
    InputType.EDGECAMERA: "edge",
    InputType.VCN: "edge",
}
"""Inputs that services of one kind take; the others are taken by both."""
NAME_LENGTH: Final = 255
ROI: Final = "target_roi"


def check_service(registry: Registry, document: TaskDocument) -> tuple[str, ...]:
    """Check a document against its service; return the warnings about what of it has no effect.

    Raises:
        NotReferable: service or version do not exist.
        InvalidParameter: the service does not take this type of input, or a known parameter has a bad value.
    """
    algorithm = registry.find(document.service_name, document.service_version)
    deploy, kind = deploy_type(algorithm.manifest, document.service_name), document.input.type
    if ONLY.get(kind, deploy) != deploy:
        raise InvalidParameter(f"A service of type {deploy} does not take the input type {kind}.", param="type")
    config = document.config
    if document.target_roi is not None:
        config = (config or {}) | {ROI: document.target_roi}
    return check_config(algorithm, config)[1] + without_effect(document, algorithm.manifest)


def without_effect(document: TaskDocument, manifest: Manifest) -> tuple[str, ...]:
    """Return a sentence for each documented field that is set and that nothing here goes by."""
    schedule = document.schedule
    said, cuts = [], any(kind.cuts for kind in manifest.events)
    if schedule is not None and schedule.type == WEEKLY and schedule.days_of_month:
        said.append("schedule.days_of_month has no effect on a weekly timetable.")
    for kind, target in document.output.targets():
        if names := lacking(target.data_category, cuts=cuts):
            said.append(f"output.{kind}.data_category: no event of this service has {' or '.join(names)}.")
    if document.edge_pool_id is not None:
        said.append("edge_pool_id has no effect: the service itself chooses where a task runs.")
    return tuple(said)


def check_references(
    conn: Connection,
    registry: Registry,
    project_id: ProjectId,
    document: TaskDocument,
    now_ms: int,
    before: TaskDocument | None = None,
) -> tuple[str, ...]:
    """Check a document against what the project has; call it in the transaction that writes it.

    Args:
        before: the document it takes the place of.

    Returns:
        The warnings about its order.

    Raises:
        NotReferable: its video source or its order do not exist.
        InvalidParameter: the service does not take the source, or does not run under the order.
    """
    algorithm = registry.find(document.service_name, document.service_version)
    deploy = deploy_type(algorithm.manifest, document.service_name)
    source_id = document.input.source_id
    if source_id is not None:
        here = (video_sources.c.project_id == project_id, video_sources.c.id == source_id)
        # held, so that nobody removes it before the task is there
        held = select(video_sources.c.access_type).where(*here).with_for_update(read=True, key_share=True)
        access_type = conn.execute(held).scalar()
        if access_type is None:
            raise NotReferable(f"There is no video source {source_id}.", param="video_source_id")
        if access_type != deploy:
            raise InvalidParameter(
                f"A service of type {deploy} does not take a video source whose access type is {access_type}.",
                param="type",
            )
    return terms.check(conn, project_id, document, now_ms, before)


def check(
    conn: Connection,
    registry: Registry,
    project_id: ProjectId,
    document: TaskDocument,
    now_ms: int,
    before: TaskDocument,
) -> tuple[str, ...]:
    """Check a changed document in every way; return all warnings.

    Raises:
        NotReferable: see `check_service` and `check_references`.
        InvalidParameter: likewise.
    """
    return check_service(registry, document) + check_references(conn, registry, project_id, document, now_ms, before)


def input_name(given: TaskInput) -> str | None:
    """Return what stands for the name of the video source where the input is none; holds no credentials."""
    datum = given.datum
    if given.type is InputType.VIDEO_SOURCE:
        return None
    # of an edge camera always its id: by it control/devices.py finds the tasks that look at a device
    name = datum.id if given.type is InputType.EDGECAMERA else datum.stream_name or datum.device_id or datum.id
    if name is None and datum.bucket is not None:
        name = f"{datum.bucket}/{datum.path}"
    return (name or _place(datum.url or ""))[:NAME_LENGTH]


def _place(url: str) -> str:
    """Return host and path of an address."""
    try:
        parts = urlsplit(without_userinfo(url))
    except ValueError:
        return "unknown"
    return f"{parts.hostname or ''}{parts.path.rstrip('/')}" or "unknown"
