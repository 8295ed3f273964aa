"""All measures of one clip, as far as its truth goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vedette.evaluation.metrics import events
from vedette.evaluation.metrics.clear import Clear, clear
from vedette.evaluation.metrics.detection import Curve, average_precision, curve
from vedette.evaluation.metrics.events import Events
from vedette.evaluation.metrics.hota import Hota, hota
from vedette.evaluation.metrics.identity import Identity, identity
from vedette.evaluation.seen import Seen
from vedette.evaluation.truth import Boxes, Truth


@dataclass(frozen=True, slots=True)
class Detection:
    """How well things are seen, of one class.

    Attributes:
        ap50: AP at an overlap of 0.5.
        ap: its mean over 0.50 .. 0.95.
        curve: at 0.5.
    """

    label: str
    ap50: float
    ap: float
    curve: Curve


@dataclass(frozen=True, slots=True)
class Tracking:
    """How well things are followed."""

    clear: Clear
    identity: Identity
    hota: Hota


@dataclass(frozen=True, slots=True)
class Scores:
    """What is known of a service on a clip.

    Attributes:
        detections: by class; none without true boxes or without a detector.
        tracking: None without true tracks, or if the service follows nothing.
        events: None without a list of events.
    """

    seen: Seen
    detections: Sequence[Detection] = ()
    tracking: Tracking | None = None
    events: Events | None = None

    @property
    def cpu_ms(self) -> float:
        """Return CPU time per analysed picture, reading included."""
        return 1000 * self.seen.cpu_s / max(1, len(self.seen.pictures))


def judge(truth: Truth, seen: Seen, labels: Sequence[str] = ()) -> Scores:
    """Score what a service made of a clip, on the pictures that it analysed and that the truth has looked at.

    Args:
        labels: the classes that are scored; none: those that the truth names, or all as one.
    """
    shared = [picture for picture in seen.pictures if picture.index in truth.pictures]
    wanted = tuple(labels) or _labels(truth)
    detections = (
        [_detection(truth, seen, label) for label in wanted] if any(p.detected is not None for p in shared) else []
    )
    tracked = [
        (_of(truth.pictures[picture.index], wanted), _of(picture.followed, wanted))
        for picture in shared
        if picture.followed is not None
    ]
    tracking = None
    if truth.tracked and tracked:
        pairs = [(true.where(~true.ignored), told) for true, told in tracked]
        tracking = Tracking(clear(pairs), identity(pairs), hota(pairs))
    told = None if truth.events is None else events.score(truth.events, seen.events)
    return Scores(seen, detections, tracking, told)


def untold(truth: Truth, seen: Seen) -> tuple[str, ...]:
    """Return a sentence for each kind of true event that the service never tells."""
    kinds = sorted({event.kind for event in truth.events or ()} - {"", *seen.kinds})
    told = ", ".join(seen.kinds)
    return tuple(f"The truth has events of the kind {kind!r}; {seen.service} tells {told}." for kind in kinds)


def _labels(truth: Truth) -> tuple[str, ...]:
    named = sorted({label for boxes in truth.pictures.values() for label in boxes.labels if label})
    return tuple(named) or ("",)


def _of(boxes: Boxes, labels: Sequence[str]) -> Boxes:
    if "" in labels:
        return boxes
    kept = [label in labels or label == "" for label in boxes.labels]
    return boxes.where(np.array(kept, np.bool_))


def _detection(truth: Truth, seen: Seen, label: str) -> Detection:
    pairs = [
        (_of(truth.pictures[picture.index], (label,)), _of(picture.detected, (label,)))
        for picture in seen.pictures
        if picture.index in truth.pictures and picture.detected is not None
    ]
    ap50, ap = average_precision(pairs)
    return Detection(label, ap50, ap, curve(pairs))


def document(scores: Scores) -> dict[str, Any]:
    """Return the figures as plain values, for JSON."""
    seen = scores.seen
    found: dict[str, Any] = {
        "clip": seen.name,
        "service": seen.service,
        "note": seen.note,
        "pictures": len(seen.pictures),
        "cpu_ms_per_picture": scores.cpu_ms,
        "events_told": len(seen.events),
    }
    if scores.detections:
        found["detection"] = [_of_detection(one) for one in scores.detections]
    if scores.tracking is not None:
        found["tracking"] = _of_tracking(scores.tracking)
    if scores.events is not None:
        found["events"] = _of_events(scores.events)
    return found


def _of_detection(one: Detection) -> dict[str, Any]:
    f1, precision, recall, score = one.curve.best()
    best = {"f1": f1, "precision": precision, "recall": recall, "score": score}
    return {"label": one.label, "AP50": one.ap50, "AP": one.ap, "boxes": one.curve.total, "best": best}


def _of_tracking(one: Tracking) -> dict[str, float]:
    return {
        "MOTA": one.clear.mota, "IDF1": one.identity.idf1, "HOTA": one.hota.hota,
        "DetA": one.hota.detection, "AssA": one.hota.association, "MOTP": one.clear.precision_of_place,
        "missed": one.clear.missed, "false": one.clear.false, "switches": one.clear.switches, "boxes": one.clear.total,
    }  # fmt: skip


def _of_events(one: Events) -> dict[str, Any]:
    return {
        "precision": one.precision, "recall": one.recall, "F1": one.f1, "delay_s": one.median_delay,
        "right": len(one.pairs),
        "missed": [{"kind": event.kind, "time": event.time} for event in one.missed],
        "false": [{"kind": event.kind, "time": event.time} for event in one.false],
    }  # fmt: skip
