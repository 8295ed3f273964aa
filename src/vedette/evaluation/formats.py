"""Truth from files: MOTChallenge, COCO, CVAT, lists of events, and masks of what moves; which it is, the content tells."""

import csv
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from defusedxml.ElementTree import ParseError, fromstring

from vedette.evaluation.masks import read_masks
from vedette.evaluation.truth import Boxes, TrueEvent, Truth
from vedette.model.errors import InvalidParameter

TOLERANCE_S = 1.0
"""By which an event may be told earlier or later, where its list does not say."""
Row = tuple[int, tuple[float, float, float, float], str, bool]
"""id, left, top, right, bottom, label, ignored."""


def read(path: Path, *, scale: float = 1.0, fps: float | None = None) -> Truth:
    """Return the truth in a file.

    Args:
        path: a text of MOTChallenge, JSON of COCO, XML of CVAT, a list of events as JSON or CSV, or a folder or zip of masks.
        scale: pixels of the clip per pixel of the file.
        fps: pictures a second, for lists of events that name pictures and not seconds.

    Raises:
        InvalidParameter: it cannot be read, or is none of these; the message says where.
    """
    if path.is_dir() or zipfile.is_zipfile(path):
        try:
            return read_masks(path, scale)
        except (OSError, ValueError, zipfile.BadZipFile, RuntimeError) as error:
            raise _wrong(path, f"holds no masks: {error}") from error
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(path, f"cannot be read ({type(error).__name__})") from error
    reader = _reader(path, text)
    try:
        return reader(text, scale, fps)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, ParseError) as error:
        raise _wrong(path, f"is not what its beginning promises: {type(error).__name__}: {error}") from error


def _reader(path: Path, text: str) -> Callable[[str, float, float | None], Truth]:
    start = text.lstrip()[:1]
    if start == "<":
        return _cvat
    if start in "[{" and start:
        return _coco if '"annotations"' in text else _events_json
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.count(",") >= 6 and first.split(",")[0].strip().isdecimal():
        return _mot
    if "kind" in first.lower() or "time" in first.lower() or "frame" in first.lower():
        return _events_csv
    raise _wrong(path, "is no truth of MOTChallenge, COCO or CVAT, and no list of events")


def _wrong(path: Path, what: str) -> InvalidParameter:
    return InvalidParameter(f"The truth {path.name} {what}.", param="truth")


def _pictures(rows: Mapping[int, Sequence[Row]], scale: float) -> dict[int, Boxes]:
    return {
        frame: Boxes.of(
            np.array([row[1] for row in found], np.float64).reshape(-1, 4) * scale,
            ids=np.array([row[0] for row in found], np.int64),
            labels=tuple(row[2] for row in found),
            ignored=np.array([row[3] for row in found], np.bool_),
        )
        for frame, found in sorted(rows.items())
    }


def _mot(text: str, scale: float, _fps: float | None) -> Truth:
    """frame1, id, left, top, width, height, flag (0: not scored), class, visibility: motchallenge.net."""
    rows: dict[int, list[Row]] = defaultdict(list)
    for line in text.splitlines():
        if not line.strip():
            continue
        frame, who, left, top, width, height, flag = (float(part) for part in line.split(",")[:7])
        box = (left, top, left + width, top + height)
        rows[int(frame) - 1].append((int(who), box, "", flag == 0))
    return Truth(_pictures(rows, scale), tracked=True)


def _coco(text: str, scale: float, _fps: float | None) -> Truth:
    """`images` in the order of the pictures (or with `frame_id`), `annotations` with `bbox` x, y, w, h: cocodataset.org."""
    document = json.loads(text)
    names = {one["id"]: str(one["name"]) for one in document.get("categories", ())}
    frames = {one["id"]: int(one.get("frame_id", order)) for order, one in enumerate(document["images"])}
    rows: dict[int, list[Row]] = {frame: [] for frame in frames.values()}
    tracked = False
    for one in document["annotations"]:
        left, top, width, height = (float(part) for part in one["bbox"])
        tracked = tracked or "track_id" in one
        box = (left, top, left + width, top + height)
        label = names.get(one.get("category_id"), "")
        rows[frames[one["image_id"]]].append((int(one.get("track_id", -1)), box, label, bool(one.get("iscrowd"))))
    return Truth(_pictures(rows, scale), tracked)


def _cvat(text: str, scale: float, _fps: float | None) -> Truth:
    """CVAT for video 1.1: `track` with `box` of each frame; for images 1.1: `image` with `box`."""
    root = fromstring(text, forbid_dtd=True)
    rows: dict[int, list[Row]] = defaultdict(list)
    for image in root.iter("image"):
        found = rows[int(image.get("id", "0"))]
        found += [(-1, _corners(box), box.get("label", ""), False) for box in image.iter("box")]
    tracks = list(root.iter("track"))
    for track in tracks:
        for box in track.iter("box"):
            if box.get("outside") == "1":
                continue
            hidden = box.get("occluded") == "1" and box.get("z_order") == "-1"
            row = (int(track.get("id", "-1")), _corners(box), track.get("label", ""), hidden)
            rows[int(box.get("frame", "0"))].append(row)
    size = root.findtext("./meta/task/size") or root.findtext("./meta/job/size")
    for frame in range(int(size) if size and tracks else 0):
        rows.setdefault(frame, [])
    return Truth(_pictures(rows, scale), tracked=bool(tracks))


def _corners(box: Any) -> tuple[float, float, float, float]:
    return float(box.get("xtl")), float(box.get("ytl")), float(box.get("xbr")), float(box.get("ybr"))


def _events_json(text: str, _scale: float, fps: float | None) -> Truth:
    document = json.loads(text)
    listed = document["events"] if isinstance(document, dict) else document
    return Truth(events=tuple(_event(entry, fps) for entry in listed))


def _events_csv(text: str, _scale: float, fps: float | None) -> Truth:
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    listed = ({key.strip().lower(): value for key, value in row.items() if key and value} for row in rows)
    return Truth(events=tuple(_event(entry, fps) for entry in listed))


def _event(entry: Mapping[str, Any], fps: float | None) -> TrueEvent:
    """`kind`, `time` or `frame` (from 0), and if need be `until` or `until_frame`, and `tolerance` in seconds."""
    time = _seconds(entry, "time", "frame", fps)
    if time is None:
        raise ValueError(f"an event has neither time nor frame: {dict(entry)}")
    until = _seconds(entry, "until", "until_frame", fps)
    tolerance = float(entry.get("tolerance", TOLERANCE_S))
    return TrueEvent(str(entry.get("kind", "")), time, time if until is None else until, tolerance)


def _seconds(entry: Mapping[str, Any], name: str, frame: str, fps: float | None) -> float | None:
    if name in entry:
        return float(entry[name])
    if frame not in entry:
        return None
    if not fps:
        raise ValueError("its events name pictures: say how many there are in a second")
    return float(entry[frame]) / fps
