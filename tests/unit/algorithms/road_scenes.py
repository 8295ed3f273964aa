"""Invented roads for the services that watch them."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import jsonschema_rs
import numpy as np
from scenes import HEIGHT, WIDTH, Script, Scripted, Thing

from vedette.algorithms import Algorithm, Finding, Frame, Position
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.stream import TaskRun
from vedette.results.message import make_event

RUN = TaskRun(TaskId("a" * 32), RunId("r"), ProjectId("p"), "any", "3.0", {}, "road", 1_618_299_313_900)
Painted = tuple[int, int, int]
"""A colour: blue, green, red."""


def picture(index: int, script: Script | None = None, paint: Painted = (200, 40, 30), fps: float = 10) -> Frame:
    """Return a grey picture; what the script has in it is painted."""

    def bgr() -> Any:
        shown = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
        for x, y, w, h, _ in script(index / fps) if script else ():
            shown[max(0, round(y - h)) : max(0, round(y)), max(0, round(x - w / 2)) : max(0, round(x + w / 2))] = paint
        return shown

    return Frame(Position(0, index, round(index / fps * 1e6)), np.full((HEIGHT, WIDTH), 110, np.uint8), bgr)


def car(start: tuple[float, float], speed: tuple[float, float], kind: str = "car", at: float = 0.0) -> Script:
    """Return a vehicle 60 wide and 40 high that drives from `start` at `speed` pixels a second, from second `at` on."""

    def script(time: float) -> Sequence[Thing]:
        since = time - at
        x, y = start[0] + speed[0] * since, start[1] + speed[1] * since
        return [(x, y, 60, 40, kind)] if since >= 0 and -20 < x < WIDTH + 20 and 0 < y < HEIGHT + 30 else []

    return script


def both(*scripts: Script) -> Script:
    """Return several scripts as one."""

    def script(time: float) -> Sequence[Thing]:
        return [thing for one in scripts for thing in one(time)]

    return script


def made(algorithm: type[Algorithm[Any]], common: dict[str, Any], models: Any) -> Any:
    """Return the algorithm with a checked configuration."""
    config, warnings = check_config(algorithm.manifest, common)
    assert warnings == ()
    build: Any = algorithm
    return build(config, models)


def told(
    algorithm: type[Algorithm[Any]],
    script: Script,
    common: dict[str, Any],
    *,
    seconds: float = 12,
    knows_classes: bool = True,
    fps: float = 10,
    paint: Painted = (200, 40, 30),
) -> list[tuple[float, Finding]]:
    """Return what is told of a script, each with its second; every message is checked against its schema."""
    subject = made(algorithm, common, Scripted(script, knows_classes=knows_classes))
    found = []
    for n in range(int(seconds * fps)):
        shown = picture(n, script, paint, fps)
        for finding in subject.process(shown):
            message(algorithm, shown, finding)
            found.append((shown.time, finding))
    return found


def message(algorithm: type[Algorithm[Any]], shown: Frame, finding: Finding) -> dict[str, Any]:
    """Return the body of a webhook, after a look at the published schema."""
    algorithm.manifest.check(finding)
    picture_of = None if finding.drawing is None else b"\xff\xd8jpeg\xff\xd9"
    body = json.loads(json.dumps(make_event(RUN, shown, finding, picture_of).message))
    if picture_of is not None:
        body["image_base64"] = base64.b64encode(picture_of).decode()
    (kind,) = (kind for kind in algorithm.manifest.events if kind.number == finding.event_type)
    jsonschema_rs.Draft202012Validator(message_schema(kind), validate_formats=True).validate(body)
    return dict(body)


def goes_on(
    algorithm: type[Algorithm[Any]], script: Script, common: dict[str, Any], *, pictures: int = 100, least: int = 2
) -> None:
    """Check that a run that is cut anywhere, packed and unpacked, tells what an undisturbed one tells."""
    version = algorithm.manifest.state_version
    shown = [picture(n, script) for n in range(pictures)]
    undisturbed, states, wanted = made(algorithm, common, Scripted(script)), [], []
    for one in shown:
        wanted.append(list(undisturbed.process(one)))
        states.append(pack(undisturbed.state(), version))
    assert sum(map(len, wanted)) >= least, "nothing happened: the test would prove nothing"
    for cut in range(0, pictures - 1, 7):
        later = made(algorithm, common, Scripted(script))
        state = unpack(states[cut], version)
        assert state is not None
        later.restore(state)
        assert [list(later.process(one)) for one in shown[cut + 1 :]] == wanted[cut + 1 :], cut
