import base64
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from scenes import Script, Scripted, Thing, frame, walk

from vedette.algorithms import Finding, Frame
from vedette.algorithms.builtin.flow_count import HEAT, LINE, REGION, FlowCount, FlowCountConfig
from vedette.algorithms.state import pack, unpack

YARD = {"data": [[300, 100], [500, 100], [500, 300], [300, 300]], "name": "yard"}
GATE = {"data": [[320, 0], [320, 360]], "properties": {"side1_name": "street", "side2_name": "house"}}
BOTH = {"polygons": [YARD], "lines": [GATE]}
ACROSS = walk((40, 200), (60, 0))
BACK = walk((600, 250), (-60, 0))
"""Both come to the line after some 4.7 s."""


def both(*scripts: Script) -> Script:
    def script(time: float) -> Sequence[Thing]:
        return [thing for one in scripts for thing in one(time)]

    return script


def config(roi: Any = None, **common: Any) -> FlowCountConfig:
    return FlowCountConfig.model_validate(common | ({} if roi is None else {"target_roi": json.dumps(roi)}))


def count(script: Script, seconds: int = 12, **common: Any) -> list[tuple[float, Finding]]:
    algorithm = FlowCount(config(**common), Scripted(script))
    pictures = [frame(n) for n in range(seconds * 10 + 1)]
    return [(picture.time, finding) for picture in pictures for finding in algorithm.process(picture)]


def data(finding: Finding) -> dict[str, Any]:
    return dict(json.loads(msgspec.json.encode(finding.data)))


def test_crossings_are_told_by_side_at_the_end_of_each_interval() -> None:
    """Of each of those an interval has: also when nobody came."""
    told = count(both(ACROSS, walk((150, 300), (60, 0)), BACK), roi={"lines": [GATE]}, line_count_interval=4)
    assert [(time, finding.event_type, finding.drawing) for time, finding in told] == [
        (4.0, LINE, None),
        (8.0, LINE, None),
        (12.0, LINE, None),
    ]
    sides = [[data(f)["event_set"][0][side] for side in ("side1_count", "side2_count")] for _, f in told]
    assert sides == [[0, 1], [1, 1], [0, 0]]
    assert data(told[0][1]) == {
        "interval": 4,
        "event_set": [
            {
                "line": [[320, 0], [320, 360]],
                "line_id": 0,
                "side1_count": 0,
                "side2_count": 1,
                "side1_name": "street",
                "side2_name": "house",
            }
        ],
    }


def test_every_line_has_its_entry() -> None:
    lines = [GATE, {"data": [[500, 0], [500, 360]]}]
    ((_, finding),) = count(ACROSS, roi={"lines": lines}, line_count_interval=12)
    assert [(one["line_id"], one["side2_count"], one["side2_name"]) for one in data(finding)["event_set"]] == [
        (0, 1, "house"),
        (1, 1, "side2"),
    ]


def test_regions_tell_who_is_in_them_and_who_came_and_went() -> None:
    told = count(ACROSS, seconds=10, roi={"polygons": [YARD]}, region_count_interval=5)
    assert [data(finding) for _, finding in told] == [
        {
            "interval": 5,
            "event_set": [
                {
                    "polygon": [[300, 100], [500, 100], [500, 300], [300, 300]],
                    "region_id": 0,
                    "count": present,
                    "entered": entered,
                    "left": left,
                    "polygon_name": "yard",
                }
            ],
        }
        for present, entered, left in [(1, 1, 0), (0, 0, 1)]
    ]


def test_without_a_roi_the_whole_picture_is_the_region() -> None:
    told = count(both(ACROSS, walk((200, 359), (0, 0))), seconds=4, region_count_interval=4)
    ((_, finding),) = told
    (region,) = data(finding)["event_set"]
    assert (region["count"], region["polygon"]) == (2, [[0, 0], [640, 0], [640, 360], [0, 360]])
    assert "polygon_name" not in region


def test_a_heat_map_shows_where_people_stand() -> None:
    """As two pictures, and in numbers."""
    still = both(walk((100, 100), (0, 0)), walk((500, 300), (0, 0), at=5))
    told = count(still, seconds=10, heatmap_detection_sw=1, heatmap_detection_interval=10, region_detection_sw=0)
    ((time, finding),) = told
    assert (time, finding.event_type, finding.drawing) == (10.0, HEAT, None)
    heat = data(finding)
    assert set(heat) == {"interval", "heat_image_base64", "heatpoint_image_base64", "grid"}
    for picture in ("heat_image_base64", "heatpoint_image_base64"):
        assert base64.b64decode(heat[picture]).startswith(b"\xff\xd8\xff")
    grid = np.array(heat["grid"])
    rows, columns = grid.shape
    first, second = grid[100 * rows // 360, 100 * columns // 640], grid[300 * rows // 360, 500 * columns // 640]
    assert first == pytest.approx(10, abs=1)
    assert second == pytest.approx(5, abs=1)
    assert grid.sum() == pytest.approx(first + second)


def test_the_hottest_place_of_the_picture_is_where_somebody_stood() -> None:
    """What is drawn is looked at, not only that something is."""
    import cv2  # noqa: PLC0415 - for this test alone

    ((_, finding),) = count(
        walk((160, 90), (0, 0)),
        seconds=10,
        heatmap_detection_sw=1,
        heatmap_detection_interval=10,
        region_detection_sw=0,
    )
    for key in ("heat_image_base64", "heatpoint_image_base64"):
        jpeg = np.frombuffer(base64.b64decode(data(finding)[key]), np.uint8)
        picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        assert picture is not None
        red = cv2.GaussianBlur(picture[:, :, 2].astype(np.float32), (0, 0), 5)
        y, x = np.unravel_index(int(red.argmax()), red.shape)
        assert abs(x - 160) < 20
        assert abs(y - 90) < 20
        assert picture[300, 600].max() < 30


def test_the_same_person_is_counted_once_when_the_detector_blinks() -> None:
    """Half a second unseen, on the line and in the region."""

    def blinking(time: float) -> Sequence[Thing]:
        return [] if 4.5 <= time < 5.0 or 6.0 <= time < 6.4 else ACROSS(time)

    told = count(blinking, roi=BOTH, line_count_interval=12, region_count_interval=12)
    line, region = (data(finding)["event_set"][0] for _, finding in told)
    assert (line["side1_count"], line["side2_count"]) == (0, 1)
    assert (region["entered"], region["left"]) == (1, 1)


def test_without_a_model_whatever_moves_is_counted_and_the_note_says_so() -> None:
    algorithm = FlowCount(
        config({"lines": [GATE]}, line_count_interval=12),
        Scripted(walk((40, 200), (60, 0), "moving"), knows_classes=False),
    )
    told = [finding for n in range(121) for finding in algorithm.process(frame(n))]
    assert data(told[0])["event_set"][0]["side2_count"] == 1
    assert algorithm.note() == "detector: scripted (no model installed; whatever moves is counted)"


def dressed(number: int, *people: tuple[Script, tuple[int, int, int], tuple[int, int, int]]) -> Frame:
    """Return a picture in which people wear upper and lower clothes of these colours (blue, green, red)."""
    shown = frame(number)
    picture = np.full((360, 640, 3), 128, np.uint8)
    for script, upper, lower in people:
        for x, y, width, height, _ in script(shown.time):
            left, right = max(0, round(x - width / 2)), max(0, round(x + width / 2))
            picture[round(y - 0.85 * height) : round(y - 0.48 * height), left:right] = upper
            picture[round(y - 0.48 * height) : round(y), left:right] = lower
    return Frame(shown.position, shown.luma, lambda: picture)


RED, BLUE, GREEN = (0, 0, 200), (200, 40, 0), (0, 150, 0)


@pytest.mark.parametrize("cut", [None, 60])
def test_crossings_are_told_by_clothes_where_that_is_asked_for(cut: int | None) -> None:
    """Two of the three who come over look alike; also when the run is cut between crossing and telling."""
    second = walk((150, 330), (60, 0))
    scene = both(ACROSS, second, BACK)
    checked = config({"lines": [GATE]}, line_count_interval=8, attribute_detection_sw=1)
    algorithm, told = FlowCount(checked, Scripted(scene)), []
    for n in range(81):
        if n == cut:
            state = unpack(pack(algorithm.state(), 1), 1)
            assert state is not None
            algorithm = FlowCount(checked, Scripted(scene))
            algorithm.restore(state)
        told += list(algorithm.process(dressed(n, (ACROSS, RED, BLUE), (second, RED, BLUE), (BACK, GREEN, RED))))
    ((line,),) = (data(finding)["event_set"] for finding in told)
    assert line["side1_attributes"] == [{"upper_color": "green", "lower_color": "red", "count": 1}]
    assert line["side2_attributes"] == [{"upper_color": "red", "lower_color": "blue", "count": 2}]


def test_what_a_file_ends_in_the_middle_of_is_told() -> None:
    """Else the last crossings of a file would be lost; nothing is told twice where it ends with an interval."""
    algorithm = FlowCount(config(BOTH, line_count_interval=10, region_count_interval=5), Scripted(ACROSS))
    told = [finding for n in range(61) for finding in algorithm.process(frame(n))]
    assert [finding.event_type for finding in told] == [REGION]
    rest = list(algorithm.finish(frame(60)))
    assert [finding.event_type for finding in rest] == [LINE, REGION]
    assert data(rest[0])["event_set"][0]["side2_count"] == 1
    algorithm = FlowCount(config(BOTH, line_count_interval=3, region_count_interval=6), Scripted(ACROSS))
    assert len([finding for n in range(61) for finding in algorithm.process(frame(n))]) == 3
    assert list(algorithm.finish(frame(60))) == []


def test_cars_are_not_people() -> None:
    ((_, finding),) = count(walk((40, 200), (60, 0), "car"), roi={"lines": [GATE]}, line_count_interval=12)
    assert data(finding)["event_set"][0]["side2_count"] == 0


@pytest.mark.parametrize("roi", [None, BOTH])
def test_a_run_that_goes_on_from_a_checkpoint_tells_the_rest_and_nothing_twice(roi: Any) -> None:
    """Wherever it is cut, byte for byte."""
    scene = both(ACROSS, BACK, walk((400, 200), (0, 0), at=1))
    checked = config(roi, heatmap_detection_sw=1, heatmap_detection_interval=3, line_count_interval=3)

    def told_by(algorithm: FlowCount, picture: Any) -> bytes:
        return msgspec.json.encode([finding.data for finding in algorithm.process(picture)])

    pictures = [frame(n) for n in range(100)]
    undisturbed, states, told = FlowCount(checked, Scripted(scene)), [], []
    for picture in pictures:
        told.append(told_by(undisturbed, picture))
        states.append(pack(undisturbed.state(), 1))
    assert len({one for one in told if one != b"[]"}) >= 5
    for cut in range(0, 99, 17):
        later = FlowCount(checked, Scripted(scene))
        state = unpack(states[cut], 1)
        assert state is not None
        later.restore(state)
        assert [told_by(later, picture) for picture in pictures[cut + 1 :]] == told[cut + 1 :]


def changed(before: dict[str, Any], after: dict[str, Any], *, at: int = 48) -> list[tuple[float, dict[str, Any]]]:
    """Return what is told when the configuration changes at this picture."""
    algorithm, found = FlowCount(config(**before), Scripted(ACROSS)), []
    for n in range(121):
        if n == at:
            later = FlowCount(config(**after), Scripted(ACROSS))
            later.succeed(algorithm)
            algorithm = later
        found += [(frame(n).time, data(finding)) for finding in algorithm.process(frame(n))]
    return found


def test_a_change_of_something_else_loses_no_count() -> None:
    told = changed(
        {"roi": {"lines": [GATE]}, "line_count_interval": 6},
        {"roi": {"lines": [{"data": [[100, 0], [100, 360]]}, GATE]}, "line_count_interval": 6},
    )
    assert [time for time, _ in told] == [6.0, 12.0]
    assert [[line["side2_count"] for line in one["event_set"]] for _, one in told] == [[0, 1], [0, 0]]


def test_an_interval_that_is_changed_begins_anew() -> None:
    told = changed(
        {"roi": {"lines": [GATE]}, "line_count_interval": 6}, {"roi": {"lines": [GATE]}, "line_count_interval": 7}
    )
    assert [time for time, _ in told] == [11.8]
