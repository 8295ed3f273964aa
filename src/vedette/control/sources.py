"""From a task's input to what its stream opens, and which tasks share a stream."""

from sqlalchemy import Connection

from vedette.model.errors import SourceUnsupported
from vedette.model.ids import RunId, StreamId, VideoSourceId, derived_uuid
from vedette.model.output import OutputKind
from vedette.model.source import LIVE_SCHEMES, Address, InputType, Liveness, SourceKind
from vedette.model.task import Task
from vedette.store import video_sources
from vedette.store.vault import Vault

SERVED_OUTPUTS = frozenset({OutputKind.WEBHOOK, OutputKind.EVENT_CENTER})


def address_of(conn: Connection, vault: Vault, task: Task) -> Address:
    """Return what a task looks at.

    Raises:
        SourceUnsupported: this release does not serve the kind of input, or one of the outputs.
        NotFound: the registered source is gone.
    """
    unserved = [kind for kind in task.document.output.kinds() if kind not in SERVED_OUTPUTS]
    if unserved:
        raise SourceUnsupported(f"This release does not send events to {' and '.join(unserved)} yet.")
    given = task.document.input
    if given.type is InputType.URL and given.datum.url:
        return address(given.datum.url)
    if given.type is InputType.VIDEO_SOURCE and given.datum.video_source_id:
        source = video_sources.get(conn, vault, task.project_id, VideoSourceId(given.datum.video_source_id))
        url = source.leaves.get("URL_ADDRESS")
        if source.kind in (SourceKind.URL, SourceKind.RTSP_STREAM) and url:
            return address(url)
        raise SourceUnsupported(f"This release does not read video sources of the type {source.kind} yet.")
    raise SourceUnsupported(f"This release does not read inputs of the type {given.type} yet.")


def address(url: str) -> Address:
    """Return the address behind a URL; rtsp and rtmp have no end, what http and file name is taken for a file."""
    scheme = url.partition(":")[0].lower()
    return Address(url, Liveness.LIVE if scheme in LIVE_SCHEMES else Liveness.FILE)


def stream_of(task: Task, run_id: RunId, place: Address) -> StreamId:
    """Return the stream a run feeds on: a live source is opened once for all tasks of a project, a file for each run."""
    if place.liveness is Liveness.FILE:
        return StreamId(run_id)
    return StreamId(derived_uuid("stream", task.project_id, place.url, place.tls_verify).lower())


def stream_name(task: Task) -> str:
    """Return `stream_id` of the messages: the name of the stream if one was given, else of the source or the file."""
    datum = task.document.input.datum
    last = (datum.url or "").partition("?")[0].rstrip("/").rpartition("/")[2].rpartition("@")[2]
    return datum.stream_name or task.video_source_name or datum.device_id or datum.id or last or task.id
