"""What is seen, against the truth: persons, tracks and the events of services, on the clips beside the checkout.

The product runs in programs of its own and writes down what it says; it is judged here by code that imports nothing of
it (`tests/accuracy/scoring.py` and `track_scoring.py`). `VEDETTE_TEST_DATA` names the folder of clips, truth and models.
"""

import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.accuracy_cases import AP, EVENTS, OWN, PUBLIC, YOLOX, Clip, EventCase, TrackCase
from bench.frame import Row, run

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests" / "accuracy"))  # whose measures are used here

from scoring import Found, average_precision, event_score, read_mot, truth  # noqa: E402  see above
from track_scoring import TrackingScore, Truth, tracking_score  # noqa: E402  see above

_PROGRAMS = Path(__file__).parent / "programs"
_SURE = 30.0
"""Twice the score of MOTChallenge's detections of these clips that counts as sure."""


def data() -> Path:
    return (ROOT / os.environ.get("VEDETTE_TEST_DATA", "../shared/data")).resolve()


def rows() -> list[Row]:
    if not (data() / "videos").is_dir():
        print(f"accuracy is skipped: no test data at {data()}")
        return []
    with tempfile.TemporaryDirectory() as folder:
        seen = _Seen(Path(folder))
        return [*_persons(seen), *_public(Path(folder)), *_own(seen), *_events(Path(folder))]


def _row(name: str, value: float, unit: str, target: float | None, note: str = "") -> Row:
    asked = "" if target is None else f"≥ {target:.3f}"
    return Row(name, value, unit, target=asked, holds=None if target is None else value >= target, note=note)


class _Seen:
    """What the product sees in a clip with a model, looked at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, str, int | None], list[dict[str, Any]]] = {}

    def of(self, clip: Clip, model: str, most: int | None = None) -> list[dict[str, Any]]:
        if (clip.file, model, None) in self._known and most:  # what came later changes nothing before it
            return self._known[clip.file, model, None][:most]
        key = clip.file, model, most
        if key not in self._known:
            out = self._folder / f"seen-{len(self._known)}.json"
            program, given = _PROGRAMS / "vedette_watch.py", data() / "models" / model
            limit = [] if most is None else [str(most)]
            run([str(program), str(data() / "videos" / clip.file), str(given), str(1 / clip.fps), str(out), *limit])
            self._known[key] = json.loads(out.read_text())
        return self._known[key]


def _people(clip: Clip, *, counted: bool = False, most: int | None = None) -> Truth:
    people = truth(data() / "groundtruth" / f"{clip.people}.gt.txt", clip.scale, counted=counted)
    return {frame: one for frame, one in people.items() if most is None or frame < most}


def _persons(seen: _Seen) -> Iterator[Row]:
    for clip, model, target in AP:
        found: Found = [
            (frame, np.array(one["boxes"]).reshape(-1, 4), np.array(one["scores"], np.float32))
            for frame, one in enumerate(seen.of(clip, model))
        ]
        name = f"persons, {clip.file.partition('.')[0]}, {model.partition('.')[0]}"
        yield _row(name, average_precision(_people(clip), found), "AP at IoU 0.5", target)


def _public(folder: Path) -> Iterator[Row]:
    for case in PUBLIC:
        clip, given, out = case.clip, folder / "given.json", folder / "followed.json"
        boxes = read_mot(data() / "groundtruth" / f"{clip.people}.det.txt")
        none = np.zeros((0, 6))
        pictures = [
            {"boxes": one[:, 1:5].tolist(), "scores": np.clip(one[:, 5] / _SURE, 0, 1).tolist()}
            for one in (boxes.get(frame, none) for frame in range(max(_people(clip)) + 1))
        ]
        given.write_text(json.dumps({"size": clip.size, "period": 1 / clip.fps, "pictures": pictures}))
        cost = run([str(_PROGRAMS / "vedette_follow.py"), str(given), str(out)])
        note = f"{cost['cpu_us']:.0f} µs a picture"
        yield from _tracks(f"public detections, {clip.people}", case, json.loads(out.read_text()), note)


def _own(seen: _Seen) -> Iterator[Row]:
    for case in OWN:
        short = "" if case.most is None else f", first {case.most}"
        name = f"own detections, {case.clip.file.partition('.')[0]}{short}"
        yield from _tracks(name, case, seen.of(case.clip, YOLOX, case.most))


def _tracks(name: str, case: TrackCase, pictures: Sequence[dict[str, Any]], note: str = "") -> Iterator[Row]:
    told: Truth = {
        frame: (np.array(one["tracks"], np.int64), np.array(one["tracked"], np.float64).reshape(-1, 4))
        for frame, one in enumerate(pictures)
    }
    score = tracking_score(_people(case.clip, most=case.most), told)
    strict = tracking_score(_people(case.clip, counted=True, most=case.most), told)
    mota, idf1 = case.targets or (None, None)
    yield _row(name, score.mota, "MOTA", mota, _faults(score) + (f"; {note}" if note else ""))
    yield _row(name, score.idf1, "IDF1", idf1)
    yield _row(name, score.hota, "HOTA", None, f"boxes {score.deta:.3f}, numbers {score.assa:.3f}")
    if (strict.mota, strict.idf1) != (score.mota, score.idf1):
        note = f"IDF1 {strict.idf1:.3f}, HOTA {strict.hota:.3f}"
        yield _row(f"{name}, without the boxes flagged 0", strict.mota, "MOTA", None, note)


def _faults(score: TrackingScore) -> str:
    return f"{score.misses} misses, {score.false} false, {score.switches} switches"


def _events(folder: Path) -> Iterator[Row]:
    """All cases of one clip with the same models share one look at it."""
    together = defaultdict[tuple[str, float, tuple[str, ...]], list[EventCase]](list)
    for case in EVENTS:
        together[case.clip, case.period, case.models].append(case)
    facts = json.loads((data() / "groundtruth" / "events.json").read_text())
    given, out = folder / "asked.json", folder / "told.json"
    for (clip, period, models), cases in together.items():
        given.write_text(json.dumps([{"service": one.service, "common": one.common} for one in cases]))
        paths = [str(data() / "models" / model) for model in models]
        program = str(_PROGRAMS / "vedette_tell.py")
        run([program, str(data() / "videos" / clip), str(period), str(given), str(out), *paths])
        for case, told in zip(cases, json.loads(out.read_text()), strict=True):
            score = event_score(list(case.wanted(facts)), list(case.read(told)), case.tolerance)
            f1 = 2 * score.matched / max(1, 2 * score.matched + len(score.missed) + len(score.false))
            note = (
                f"{score.matched} right, {len(score.missed)} missed, {len(score.false)} false, "
                f"at most {score.furthest} of {case.tolerance} frames away"
            )
            yield _row(case.name, f1, "F1", case.target, note)
