"""From a task's input to what its stream opens, and which tasks share a stream."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final

import msgspec
from sqlalchemy import Connection

from vedette.model.errors import SourceRefused, SourceUnsupported
from vedette.model.ids import ProjectId, RunId, StreamId, VideoSourceId, derived_uuid
from vedette.model.output import OutputKind
from vedette.model.source import (
    LIVE_SCHEMES,
    Address,
    InputType,
    Liveness,
    Lookup,
    ObjectLookup,
    RestfulLookup,
    SourceKind,
    TaskInput,
    VcnLookup,
    VcnServer,
    VideoSource,
)
from vedette.model.task import Task
from vedette.model.urls import split
from vedette.store import devices, object_stores, video_sources
from vedette.store.vault import Vault

SERVED_OUTPUTS = frozenset({OutputKind.WEBHOOK, OutputKind.DIS, OutputKind.OBS, OutputKind.EVENT_CENTER})
FILES: Final = frozenset(
    [
        ".3gp",
        ".asf",
        ".avi",
        ".divx",
        ".h264",
        ".h265",
        ".hevc",
        ".ivf",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".nut",
        ".ogv",
        ".vob",
        ".webm",
        ".wmv",
    ]
)
"""What the names of video files end in. A name that ends otherwise may stand for a file or for an endless stream.

So may `.ts`, `.mjpg` and `.mjpeg`: media servers and cameras end the names of endless streams so.
"""
CHECK: Final = frozenset({"1", "true", "yes"})


def address_of(conn: Connection, vault: Vault, task: Task) -> Address:
    """Return what a task looks at.

    Raises:
        SourceUnsupported: this release does not serve one of the outputs.
        SourceRefused: the project has no store with the bucket, or no camera with the id.
        NotFound: the registered source is gone.
    """
    unserved = [kind for kind in task.document.output.kinds() if kind not in SERVED_OUTPUTS]
    if unserved:
        raise SourceUnsupported(f"This release does not send events to {' and '.join(unserved)} yet.")
    given = task.document.input
    if given.type is InputType.VIDEO_SOURCE and given.datum.video_source_id:
        source = video_sources.get(conn, vault, task.project_id, VideoSourceId(given.datum.video_source_id))
        return address_of_source(conn, vault, source)
    return _OF_INPUT[given.type](conn, vault, task.project_id, given)


def address_of_source(conn: Connection, vault: Vault, source: VideoSource) -> Address:
    """Return what is opened of a registered source.

    Raises:
        SourceUnsupported: it is of a kind that only a platform of old could read.
        SourceRefused: its address is none, or the project has no store with the bucket, or no camera with the id.
    """
    return _OF_SOURCE[source.kind](conn, vault, source)


def address(url: str) -> Address:
    """Return the address behind a URL: rtsp and rtmp have no end, ftp and file name files, http may be either.

    Raises:
        SourceRefused: it is none. Some kinds of source have configurations that nobody documented and no door checks.
    """
    try:
        parts = split(url)
    except ValueError:
        raise SourceRefused("the address is not a URL") from None
    if parts.scheme.lower() in LIVE_SCHEMES:
        return Address(url, Liveness.LIVE)
    named = PurePosixPath(parts.path).suffix.lower() in FILES
    return Address(url, Liveness.FILE if named or parts.scheme.lower() in {"ftp", "file"} else Liveness.EITHER)


def stream_of(task: Task, run_id: RunId, place: Address) -> StreamId:
    """Return the stream a run feeds on: a live source is opened once for all tasks of a project, a file for each run."""
    return shared_stream(task.project_id, place) or StreamId(run_id)


def shared_stream(project_id: ProjectId, place: Address) -> StreamId | None:
    """Return the stream that all tasks of a project have in common on this address; None if each has its own."""
    if place.liveness is not Liveness.LIVE:
        return None
    found = [] if place.lookup is None else [msgspec.json.encode(place.lookup, order="deterministic").decode()]
    return StreamId(derived_uuid("stream", project_id, place.url, place.tls_verify, *found).lower())


def stream_name(task: Task) -> str:
    """Return `stream_id` of the messages: the name of the stream if one was given, else of the source or the file."""
    datum = task.document.input.datum
    last = (datum.url or datum.path or "").partition("?")[0].rstrip("/").rpartition("/")[2].rpartition("@")[2]
    return datum.stream_name or task.video_source_name or datum.device_id or datum.id or last or task.id


def _found(lookup: Lookup, liveness: Liveness = Liveness.LIVE, *, tls_verify: bool = True) -> Address:
    return Address("", liveness, tls_verify, lookup)


# -- inputs


def _url(_conn: Connection, _vault: Vault, _project: ProjectId, given: TaskInput) -> Address:
    return address(given.datum.url or "")


def _obs(conn: Connection, vault: Vault, project_id: ProjectId, given: TaskInput) -> Address:
    return _object(conn, vault, project_id, given.datum.bucket or "", given.datum.path or "")


def _restful(_conn: Connection, _vault: Vault, _project: ProjectId, given: TaskInput) -> Address:
    datum = given.datum
    asked = RestfulLookup(
        datum.url or "", datum.headers or {}, bool(datum.certificate_check), datum.rtsp_path_in_response or ""
    )
    return _found(Lookup(restful=asked), tls_verify=asked.tls_verify)


def _vcn(_conn: Connection, _vault: Vault, _project: ProjectId, given: TaskInput) -> Address:
    if given.vcn is None:
        raise SourceUnsupported("The input names no VCN server.")
    return _found(Lookup(vcn=VcnLookup(given.vcn, given.datum.device_id or "", given.datum.stream_type or 1)))


def _edgecamera(conn: Connection, vault: Vault, project_id: ProjectId, given: TaskInput) -> Address:
    return _camera(conn, vault, project_id, given.datum.id or given.datum.device_id or "")


_OF_INPUT: Final[Mapping[InputType, Callable[[Connection, Vault, ProjectId, TaskInput], Address]]] = {
    InputType.URL: _url,
    InputType.OBS: _obs,
    InputType.RESTFUL: _restful,
    InputType.VCN: _vcn,
    InputType.EDGECAMERA: _edgecamera,
}


# -- registered sources


def _url_source(_conn: Connection, _vault: Vault, source: VideoSource) -> Address:
    return address(source.leaves["URL_ADDRESS"])


def _obs_source(conn: Connection, vault: Vault, source: VideoSource) -> Address:
    return _object(conn, vault, ProjectId(source.project_id), source.leaves["BUCKET"], source.leaves["PATH"])


def _restful_source(_conn: Connection, _vault: Vault, source: VideoSource) -> Address:
    leaves = source.leaves
    checked = leaves.get("HTTP_CHECK", "").lower() in CHECK
    return _found(Lookup(restful=RestfulLookup(leaves["URL"], {}, checked, leaves["RTSP_URL"])), tls_verify=checked)


def _vcn_source(_conn: Connection, _vault: Vault, source: VideoSource) -> Address:
    leaves = source.leaves
    server = VcnServer(leaves["IP"], int(leaves["PORT"]), leaves["USER_NAME"], leaves["PASSWORD"])
    return _found(Lookup(vcn=VcnLookup(server, leaves["DATA_SOURCE_ID"], int(leaves.get("STREAM_TYPE") or 1))))


def _camera_source(conn: Connection, vault: Vault, source: VideoSource) -> Address:
    return _camera(conn, vault, ProjectId(source.project_id), source.leaves["EDGE_CAMERA_ID"])


def _unserved(_conn: Connection, _vault: Vault, source: VideoSource) -> Address:
    """Open what the configuration says in words that any kind may use; some have none."""
    if url := source.leaves.get("URL_ADDRESS") or source.leaves.get("URL"):
        return address(url)
    raise SourceUnsupported(f"A video source of the type {source.kind} that gives no address cannot be read.")


_OF_SOURCE: Final[Mapping[SourceKind, Callable[[Connection, Vault, VideoSource], Address]]] = {
    SourceKind.URL: _url_source,
    SourceKind.RTSP_STREAM: _url_source,
    SourceKind.OBS: _obs_source,
    SourceKind.RESTFUL: _restful_source,
    SourceKind.VCN: _vcn_source,
    SourceKind.CAMERA: _camera_source,
    SourceKind.VIDEO_PLATFORM: _unserved,
    SourceKind.VIDEO_IMAGE_DB: _unserved,
}


# -- what the project's registers know


def _object(conn: Connection, vault: Vault, project_id: ProjectId, bucket: str, path: str) -> Address:
    store = object_stores.with_bucket(conn, vault, project_id, bucket)
    return _found(Lookup(stored=ObjectLookup(store, bucket, path)), Liveness.FILE, tls_verify=store.tls_verify)


def _camera(conn: Connection, vault: Vault, project_id: ProjectId, device_id: str) -> Address:
    return devices.camera(conn, vault, project_id, device_id)
