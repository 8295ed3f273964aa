"""Intrusion whose configuration is changed while somebody is in the picture: what is the same still is not told again."""

import json
from typing import Any

import pytest
from scenes import Script, Scripted, frame, walk

from vedette.algorithms.builtin.intrusion import LOITERING, Intrusion, IntrusionConfig, IntrusionData
from vedette.algorithms.state import pack, unpack

YARD = {"data": [[300, 100], [500, 100], [500, 300], [300, 300]], "name": "yard"}
LANE = {"data": [[100, 100], [200, 100], [200, 300], [100, 300]], "name": "lane"}
WIDE = {"data": [[280, 100], [500, 100], [500, 300], [280, 300]], "name": "yard"}
GATE = {"data": [[420, 0], [420, 360]]}
STAYS = walk((400, 200), (0, 0))
ACROSS = walk((40, 200), (60, 0))


def roi(*polygons: Any, lines: Any = ()) -> str:
    return json.dumps({"polygons": list(polygons), "lines": list(lines)})


def told(
    script: Script,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    at: float = 3.0,
    seconds: float = 10.0,
    crash: bool = False,
    eyes: str = "scripted",
) -> list[tuple[float, str, int]]:
    """Return what is told, when the configuration changes `at` this second; by way of a checkpoint if it crashes."""
    algorithm = Intrusion(IntrusionConfig.model_validate(before), Scripted(script))
    found = []
    for number in range(int(seconds * 10)):
        if number == int(at * 10):
            detector = Scripted(script)
            detector.name = eyes
            changed = Intrusion(IntrusionConfig.model_validate(after), detector)
            if crash:
                state = unpack(pack(algorithm.state(), 1), 1)
                assert state is not None
                changed.restore(state)
            else:
                changed.succeed(algorithm)
            algorithm = changed
        picture = frame(number)
        for finding in algorithm.process(picture):
            assert isinstance(finding.data, IntrusionData)
            (entry,) = finding.data.event_set
            found.append((picture.time, entry.polygon_name or "", finding.event_type))
    return found


@pytest.mark.parametrize("crash", [False, True])
def test_who_is_in_a_region_that_stays_is_not_told_again(crash: bool) -> None:
    """Neither by the change of another parameter, nor because regions came, went or moved in the list."""
    for after in (
        {"target_roi": roi(YARD), "image_compression_ratio": 50},
        {"target_roi": roi(LANE, YARD)},
        {"target_roi": roi({**YARD, "name": "another name"})},
    ):
        ((time, name, _),) = told(STAYS, {"target_roi": roi(YARD)}, after, crash=crash)
        assert (time < 1, name) == (True, "yard")


@pytest.mark.parametrize("crash", [False, True])
def test_the_whole_picture_is_a_region_too(crash: bool) -> None:
    """Nobody marked anything, before or after."""
    assert len(told(STAYS, {}, {"line_detection_sw": 0}, crash=crash)) == 1


@pytest.mark.parametrize("crash", [False, True])
def test_a_region_that_changed_begins_anew(crash: bool) -> None:
    """Whoever is in it is told once, as in a region that is new."""
    found = told(STAYS, {"target_roi": roi(YARD)}, {"target_roi": roi(WIDE)}, crash=crash)
    assert [time >= 3 for time, _, _ in found] == [False, True]


@pytest.mark.parametrize("crash", [False, True])
def test_the_tracks_go_on(crash: bool) -> None:
    """Who walks into the new region was known before, so it is told that they came from outside."""
    script = ACROSS
    before, after = {"target_roi": roi(LANE)}, {"target_roi": roi(YARD)}
    found = told(script, before, after, crash=crash)
    assert [name for _, name, _ in found] == ["lane", "yard"]
    plain = told(script, {"target_roi": roi(LANE, YARD)}, {"target_roi": roi(LANE, YARD)}, at=0.0)
    assert found == plain


@pytest.mark.parametrize("crash", [False, True])
def test_a_stay_counts_from_when_it_began(crash: bool) -> None:
    """A shorter threshold is reached by who has been there longer already; a told stay is not told again."""
    common = {"target_roi": roi(YARD), "region_detection_sw": 0, "loitering_detection_sw": 1}
    longer, shorter = {**common, "alert_time_threshold": 60}, {**common, "alert_time_threshold": 2}
    ((time, _, kind),) = told(STAYS, longer, shorter, crash=crash)
    assert (time, kind) == (3.0, LOITERING)
    assert len(told(STAYS, shorter, longer, crash=crash)) == 1


@pytest.mark.parametrize("crash", [False, True])
def test_a_line_that_stays_knows_who_is_on_which_side(crash: bool) -> None:
    """A crossing on both sides of the change is one crossing."""
    script = walk((300, 200), (40, 0))  # over the line in the third second
    both = {"target_roi": roi(lines=[GATE]), "image_compression_ratio": 50}
    found = told(script, {"target_roi": roi(lines=[GATE])}, both, crash=crash, seconds=7)
    assert len(found) == 1
    assert found == told(script, both, both, at=0.0, seconds=7)


def test_a_rule_that_was_off_knows_nothing_of_the_time_before() -> None:
    """What it last knew is old: who is there when it is switched on is told."""
    off = {"target_roi": roi(YARD), "region_detection_sw": 0}
    assert [time for time, _, _ in told(STAYS, off, {"target_roi": roi(YARD)})] == [3.0]


def test_other_eyes_begin_afresh() -> None:
    """A model was installed meanwhile: its tracks are not those of the detector before."""
    same = {"target_roi": roi(YARD)}
    assert len(told(STAYS, same, same, eyes="scripted")) == 1
    assert len(told(STAYS, same, same, eyes="others")) == 2
