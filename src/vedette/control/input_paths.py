"""What the file of a task is called: the folder of its `result.json`, below the path of its output."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from sqlalchemy import Connection

from vedette.control.sources import address
from vedette.model.errors import NotFound, SourceRefused
from vedette.model.ids import VideoSourceId
from vedette.model.secrets import hide_userinfo
from vedette.model.source import InputType, Liveness, SourceKind
from vedette.model.task import Task
from vedette.store import video_sources
from vedette.store.vault import Vault

STEP: Final = 200
"""Bytes of one step of a path; file systems take 255, and endings are put behind."""
WHOLE: Final = 600
"""Bytes of a path; S3 takes 1024 for all of a name, the output's own path included."""
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class InputFile:
    """The file that a task reads.

    Attributes:
        shown: what the summary of a run says of it; no secrets.
        path: its name as steps that a file system takes; empty: it has none.
        liveness: FILE, or EITHER: how it went tells.
    """

    shown: dict[str, Any]
    path: str
    liveness: Liveness = Liveness.FILE


def file_of(conn: Connection, vault: Vault, task: Task) -> InputFile | None:
    """Return the file that a task reads, or None if its input is live."""
    given = task.document.input
    if given.type is InputType.OBS:
        return _object("obs", given.datum.bucket or "", given.datum.path or "")
    if given.type is InputType.URL:
        return _url("url", given.datum.url or "")
    if given.source_id is None:
        return None
    try:
        source = video_sources.get(conn, vault, task.project_id, VideoSourceId(given.source_id))
    except NotFound:  # deleted meanwhile
        return InputFile({"type": "video_source", "video_source_id": given.source_id}, "")
    place = source.leaves
    found = None
    if source.kind is SourceKind.OBS:
        found = _object("video_source", place.get("BUCKET", ""), place.get("PATH", ""))
    elif url := place.get("URL_ADDRESS"):
        found = _url("video_source", url)
    if found is not None:
        found.shown["video_source_id"] = given.source_id
    return found


def _object(kind: str, bucket: str, path: str) -> InputFile:
    return InputFile({"type": kind, "bucket": bucket, "path": path}, safe_path(path))


def _url(kind: str, url: str) -> InputFile | None:
    try:
        liveness = address(url).liveness
    except SourceRefused:
        return None
    if liveness is Liveness.LIVE:
        return None
    parts = urlsplit(url)
    path = parts.path
    place = parts.netloc.rpartition("@")[2]
    shown = hide_userinfo(urlunsplit((parts.scheme, place, path, "", "")))  # a query may be a signature
    return InputFile({"type": kind, "url": shown}, safe_path(unquote(path)), liveness)


def safe_path(name: str) -> str:
    """Return a name as a path that leads nowhere else: no empty steps, no `.` or `..`, none that is too long.

    Different names that are cut stay different: a digest of the whole stands in each.
    """
    steps = [_step(step) for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    path = "/".join(steps)
    if len(path.encode()) > WHOLE:
        return f"{_digest(path)}/{steps[-1]}"
    return path


def _step(step: str) -> str:
    clean = "".join(letter if letter.isprintable() else "_" for letter in step)
    if len(clean.encode()) <= STEP:
        return clean
    return f"{_digest(step)}-{clean.encode()[-(STEP - _DIGITS - 1) :].decode(errors='ignore')}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
