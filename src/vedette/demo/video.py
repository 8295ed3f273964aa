"""What the demonstration looks at: a scene of our own, or the caller's video."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import av

from vedette.model.errors import InvalidParameter
from vedette.model.source import LIVE_SCHEMES
from vedette.testing import SceneScript, write_scene

_SCHEMES = (*sorted(LIVE_SCHEMES), "http", "https", "ftp", "file")
_FILES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"})
"""What addresses of files over http end in."""
_URL = re.compile(r"[-A-Za-z0-9+&@*#/%?=~_|!:,.;]+[-A-Za-z0-9+&@*#/%=~_|]")
"""The characters that the API takes in an address, and the shorter list for the last of them."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video and how to look at it.

    Attributes:
        url: address for the video source.
        name: for people.
        root: folder from which the service must be allowed to read, or None.
        live: whether it has no end, or may have none.
        target_roi: the zone, or empty for the whole picture.
        script: what happens in it, if we know.
    """

    url: str
    name: str
    root: Path | None
    live: bool
    target_roi: str
    script: SceneScript | None = None


def generated(path: Path) -> Video:
    """Write our own scene and return it."""
    script = write_scene(path)
    return Video(
        file_url(path), path.name, path.parent.resolve(), live=False, target_roi=script.target_roi, script=script
    )


def given(named: str) -> Video:
    """Return the caller's video: a path, or a URL.

    Raises:
        InvalidParameter: there is no such file, or it is no URL that the service takes.
    """
    scheme, colon, _ = named.partition("://")
    if colon and scheme.lower() != "file":
        if scheme.lower() not in _SCHEMES or not _URL.fullmatch(named):
            raise InvalidParameter(
                f"{scheme}:// is no address that can be watched; use {', '.join(_SCHEMES)}.", param="video"
            )
        parts = urlsplit(named)
        name = Path(parts.path).name or str(parts.hostname)
        return Video(named, name, None, live=_may_be_endless(scheme.lower(), name), target_roi="")
    path = Path(unquote(urlsplit(named).path) if colon else named).expanduser()
    if not path.is_file():
        raise InvalidParameter(f"There is no file {path}.", param="video")
    path = path.resolve()
    return Video(file_url(path), path.name, path.parent, live=False, target_roi=_middle_zone(path))


def file_url(path: Path) -> str:
    """Return the file URL of a path, encoded so that the API's rule for addresses takes it.

    Letters, digits and `/-_~.` stay as they are, all else becomes %XX, and so does a full stop at the end.
    """
    encoded = quote(str(path.resolve()), safe="/-_~.")
    return "file://" + (encoded[:-1] + "%2E" if encoded.endswith(".") else encoded)


def _may_be_endless(scheme: str, name: str) -> bool:
    """Return whether nobody should wait for the end; the service asks the server what an http address is."""
    return scheme in LIVE_SCHEMES or (scheme in {"http", "https"} and Path(name).suffix.lower() not in _FILES)


def _middle_zone(path: Path) -> str:
    """Return a zone in the middle of the picture, or nothing if the file is no video: the service will say why."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            width, height = stream.width, stream.height
    except (av.FFmpegError, OSError, IndexError):
        return ""
    left, right, top, bottom = round(0.2 * width), round(0.8 * width), round(0.25 * height), height - 1
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return json.dumps({"polygons": [{"data": corners, "name": "middle"}]})
