"""Invented scenes with things that stand and go, for services that wait: what they tell, and how it travels."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs
from scenes import Script, Thing, detections

from vedette.algorithms.base import Algorithm
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.detection import Detections
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.stream import TaskRun
from vedette.results.message import make_event
from vedette.testing import Found, ScriptedDetector, ScriptedModels, Sees, blank, run

SIZE = (640, 360)
FPS = 3.0
LABELS = (
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "bus",
    "truck",
    "umbrella",
    "chair",
    "dining table",
    "still",
    "arrived",
)
RUN = TaskRun(TaskId("a" * 32), RunId("r"), ProjectId("p"), "x", "3.0", {}, "gate", 1_618_299_313_900)

YARD = [[200, 50], [500, 50], [500, 340], [200, 340]]
INSIDE, OUTSIDE = (350.0, 250.0), (80.0, 250.0)


def area(*polygons: Any, **named: Any) -> str:
    """Return a `target_roi` of corners without names and of corners by name."""
    marked = [{"data": data} for data in polygons] + [{"data": data, "name": name} for name, data in named.items()]
    return json.dumps({"polygons": marked, "lines": []})


def stands(
    kind: str = "car", at: tuple[float, float] = INSIDE, size: tuple[float, float] = (80, 50), **when: float
) -> Script:
    """Return something that stands from `since` to `until`."""

    def script(time: float) -> Sequence[Thing]:
        return [(*at, *size, kind)] if when.get("since", 0.0) <= time < when.get("until", 1e9) else []

    return script


def leaves(
    kind: str = "car", at: tuple[float, float] = INSIDE, size: tuple[float, float] = (80, 50), *, time: float
) -> Script:
    """Return something that stands until `time`, and goes off to the left out of the picture at 60 px/s then."""

    def script(now: float) -> Sequence[Thing]:
        x = at[0] - 60 * max(0.0, now - time)
        return [(x, at[1], *size, kind)] if x > 40 else []

    return script


def both(*scripts: Script) -> Script:
    return lambda time: [thing for script in scripts for thing in script(time)]


def sees(script: Script) -> Sees:
    def look(time: float) -> Detections:
        return detections(script(time), LABELS)

    return look


Scene = Script | Mapping[str, Script]


def eyes(scene: Scene) -> Sees | dict[str, Sees]:
    return {role: sees(script) for role, script in scene.items()} if isinstance(scene, Mapping) else sees(scene)


def told(algorithm: type[Algorithm[Any]], scene: Scene, seconds: float, **common: Any) -> list[Found]:
    return run(algorithm, common, sees=eyes(scene), seconds=seconds, fps=FPS, size=SIZE)


class WithoutModel(ScriptedModels):
    """What there is where no model is installed: eyes for what moves, and eyes for what is still."""

    def __init__(self, still: Script) -> None:
        super().__init__({"still": sees(still)})

    def detector(self, role: str) -> ScriptedDetector:
        if role == "objects":
            return ScriptedDetector(lambda _: Detections.none(("moving",)), name="motion", knows_classes=False)
        return super().detector(role)


def told_without_model(algorithm: type[Algorithm[Any]], still: Script, seconds: float, **common: Any) -> list[Found]:
    made: Any = algorithm
    running = made(algorithm.manifest.config.model_validate(common), WithoutModel(still))
    pictures = [blank(index / FPS, index=index, size=SIZE) for index in range(round(seconds * FPS))]
    return [Found(round(one.time, 3), finding) for one in pictures for finding in running.process(one)]


def body(algorithm: type[Algorithm[Any]], found: Found) -> dict[str, Any]:
    """Return the message as it travels, after a look whether it is what its published schema says."""
    message: dict[str, Any] = json.loads(
        json.dumps(make_event(RUN, blank(found.at, size=SIZE), found.finding, None).message)
    )
    (kind,) = (kind for kind in algorithm.manifest.events if kind.number == message["event_type"])
    jsonschema_rs.validator_for(message_schema(kind), validate_formats=True).validate(message)
    return message


def shape(value: Any) -> Any:
    """Return the keys and types of a message."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def accepted(algorithm: type[Algorithm[Any]], common: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the warnings that the service has for a `config.common`."""
    return check_config(algorithm.manifest, common)[1]


def goes_on_exactly(algorithm: type[Algorithm[Any]], scene: Scene, seconds: float, **common: Any) -> int:
    """Look whether a run that is cut anywhere tells what the whole one tells; return how much that is."""
    config = algorithm.manifest.config.model_validate(common)

    def fresh() -> Any:
        made: Any = algorithm
        return made(config, ScriptedModels(eyes(scene)))

    pictures = [blank(index / FPS, index=index, size=SIZE) for index in range(round(seconds * FPS))]
    whole, states, wanted = fresh(), [], []
    for picture in pictures:
        wanted.append(list(whole.process(picture)))
        states.append(pack(whole.state(), 1))
    for cut in range(7, len(pictures) - 1, len(pictures) // 4):
        later, state = fresh(), unpack(states[cut], 1)
        assert state is not None
        later.restore(state)
        assert [list(later.process(picture)) for picture in pictures[cut + 1 :]] == wanted[cut + 1 :], cut
    return sum(map(len, wanted))


def succeeds(
    algorithm: type[Algorithm[Any]], scene: Scene, seconds: float, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Found]:
    """Return what is told when the configuration changes halfway."""
    made: Any = algorithm
    models = ScriptedModels(eyes(scene))
    running = made(algorithm.manifest.config.model_validate(dict(before)), models)
    found = []
    for index in range(round(seconds * FPS)):
        if index == round(seconds * FPS / 2):
            changed = made(algorithm.manifest.config.model_validate(dict(after)), models)
            changed.succeed(running)
            running = changed
        picture = blank(index / FPS, index=index, size=SIZE)
        found += [Found(round(picture.time, 3), finding) for finding in running.process(picture)]
    return found
