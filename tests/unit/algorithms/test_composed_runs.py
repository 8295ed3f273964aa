"""Runs of written services: cut anywhere they tell the same, and under a new configuration nothing twice."""

import json
from typing import Any

import pytest
from written import EVENT, NUMBER, ONE, Box, at, moving, rules, scene, service

from vedette.algorithms.composed.service import Composed
from vedette.algorithms.state import pack, unpack
from vedette.testing import ScriptedModels, blank, check_finding

FPS = 5
HERE: Box = (100.0, 100.0, 160.0, 160.0)
ROI = json.dumps(
    {
        "polygons": [{"data": [[0, 0], [640, 0], [640, 720], [0, 720]]}],
        "lines": [{"data": [[400, 0], [400, 720]]}],
    }
)
ENDS = f'events = [{{ number = {NUMBER}, name = "thing", fields = ["detection_id", "lasting"], ends = true }}]\n'
COUNT = f'events = [{{ number = {NUMBER}, name = "thing", data = ["count", "share", "lasting"], ends = true }}]\n'
SEES = {"things": scene(("thing", "other"), {"thing": at(HERE, 1, 6), "other": moving((200, 300, 260, 360), (60, 0))})}
KINDS = {
    "present": service(ONE, ENDS, rules('rule = "present", event = "thing", seconds = 1, gone_after = 2')),
    "region": service(
        ONE, ENDS, rules('rule = "present", event = "thing", per = "region", gone_after = 1, repeat_every = 2')
    ),
    "still": service(ONE, ENDS, rules('rule = "still", event = "thing", seconds = 2')),
    "absent": service(ONE, COUNT, rules('rule = "absent", event = "thing", seconds = 2, gone_after = 1, below = 2')),
    "count": service(ONE, COUNT, rules('rule = "count", event = "thing", above = 1, gone_after = 1')),
    "cross": service(ONE, EVENT, rules('rule = "cross", event = "thing"')),
    "seldom": service("every = 0.7\n", ONE, ENDS, rules('rule = "present", event = "thing", gone_after = 1')),
}


def play(kind: type[Composed], cut: int | None = None, changed: dict[str, Any] | None = None) -> list[Any]:
    """Return what is told in 20 seconds; cut once and gone on with from its checkpoint, or under another configuration."""
    config: dict[str, Any] = {"target_roi": ROI}
    algorithm, told = made(kind, config), []
    for n in range(round(20 * FPS)):
        if n == cut and changed is None:
            kept = unpack(pack(algorithm.state(), 1), 1)
            assert kept is not None
            algorithm = made(kind, config)
            algorithm.restore(kept)
        elif n == cut:
            former, algorithm = algorithm, made(kind, config | (changed or {}))
            algorithm.succeed(former)
        for finding in algorithm.process(blank(n / FPS, index=n)):
            check_finding(kind.manifest, finding)
            told.append((n, finding))
    return told


def made(kind: type[Composed], config: dict[str, Any]) -> Composed:
    return kind(kind.manifest.config.model_validate(config), ScriptedModels(SEES))


@pytest.mark.parametrize("name", KINDS)
def test_a_run_that_is_cut_goes_on_as_if_it_had_not_been(name: str) -> None:
    """Events of a file are the same after a crash, for each kind of rule."""
    kind = KINDS[name]
    whole = play(kind)
    assert whole
    for cut in (7, 41):
        assert play(kind, cut) == whole


def test_a_changed_configuration_tells_nothing_twice_where_the_region_is_the_same() -> None:
    """And begins anew where it is another."""
    kind = KINDS["present"]
    plain = [finding.subject for _, finding in play(kind) if finding.over is False]
    same = [finding.subject for _, finding in play(kind, 20, {"render_roi_sw": 1}) if finding.over is False]
    assert same == plain
    moved = ROI.replace("[640, 720]", "[640, 700]")
    assert len([1 for _, finding in play(kind, 20, {"target_roi": moved}) if finding.over is False]) > len(plain)
