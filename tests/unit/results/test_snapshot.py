import cv2
import numpy as np
import pytest

from vedette.model.errors import AlgorithmError
from vedette.model.event import Drawing
from vedette.model.frame import Frame, Image, Position
from vedette.model.pictures import split
from vedette.results.snapshot import render

GREY = np.full((360, 640, 3), 128, np.uint8)


def grey() -> Frame:
    picture = GREY.copy()
    return Frame(Position(0, 0, 0), picture[:, :, 0], lambda: picture)


def decoded(drawing: Drawing) -> Image:
    image = cv2.imdecode(np.frombuffer(render(grey(), drawing), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def changed(drawing: Drawing) -> np.ndarray:
    return np.abs(decoded(drawing).astype(int) - 128).max(axis=2) > 40


def test_a_picture_without_a_drawing_is_the_frame() -> None:
    assert not changed(Drawing()).any()


def test_a_box_is_drawn_around_its_place_and_has_a_caption() -> None:
    marks = changed(Drawing(boxes=(((100, 150, 60, 80), ""),)))
    rows, columns = np.nonzero(marks)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((150, 229, 100, 159), abs=2)
    assert not marks[170:210, 110:150].any()
    assert changed(Drawing(boxes=(((100, 150, 60, 80), "person 1"),)))[130:148, 100:150].any()


@pytest.mark.parametrize("box", [(-50, -50, 20, 20), (630, 350, 300, 300), (0, 0, 640, 360), (0, 0, 1, 1)])
def test_a_box_at_the_border_does_no_harm(box: tuple[int, int, int, int]) -> None:
    decoded(Drawing(boxes=((box, "person 12"),)))


def test_regions_and_lines_are_drawn() -> None:
    region = changed(Drawing(polygons=(((200.0, 100.0), (400.0, 100.0), (400.0, 300.0), (200.0, 300.0)),)))
    assert region[100, 300]
    assert region[200, 200], "a region is closed"
    assert changed(Drawing(lines=(((320.0, 0.0), (320.0, 359.0)),)))[180, 320]
    decoded(Drawing(polygons=(((-1e5, -1e5), (1e5, -1e5), (1e5, 1e5)),)))


def test_the_frame_stays_as_it_was() -> None:
    """Other tasks look at the same pixels."""
    frame = grey()
    render(frame, Drawing(boxes=(((100, 150, 60, 80), "x"),)))
    assert np.array_equal(frame.bgr(), GREY)


def test_less_quality_is_a_smaller_file() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (360, 640, 3), np.uint8)
    frame = Frame(Position(0, 0, 0), noise[:, :, 0], lambda: noise)
    assert len(render(frame, Drawing(quality=20))) < 0.6 * len(render(frame, Drawing(quality=90)))


def test_a_part_is_cut_out_with_nothing_drawn_on_it() -> None:
    """A face is compared with others: no frame may lie over it. What sticks out of the picture is left away."""
    marked = Drawing(boxes=(((100, 150, 60, 80), ""),), crop=(90, 140, 80, 100))
    cut, whole = split(render(grey(), marked))
    assert whole is None
    assert cut is not None
    part = cv2.imdecode(np.frombuffer(cut, np.uint8), cv2.IMREAD_COLOR)
    assert part is not None
    assert part.shape == (100, 80, 3)
    assert np.ptp(part) < 8
    assert decoded(Drawing(crop=(-20, -30, 50, 60))).shape == (30, 30, 3)
    assert decoded(Drawing(crop=(600, 300, 80, 80))).shape == (60, 40, 3)


def test_the_whole_picture_is_kept_beside_a_part_if_it_is_asked_for() -> None:
    boxes = (((100, 150, 60, 80), ""),)
    kept = split(render(grey(), Drawing(boxes=boxes, crop=(90, 140, 80, 100), origin=True)))
    assert kept.whole == render(grey(), Drawing(boxes=boxes))
    assert kept.cut is not None


def test_a_part_outside_of_the_picture_is_an_error_of_the_algorithm() -> None:
    with pytest.raises(AlgorithmError, match="outside"):
        render(grey(), Drawing(crop=(700, 10, 20, 20)))


def test_what_was_cut_out_earlier_takes_the_place_of_the_part() -> None:
    """The best shot of a face may be some pictures old."""
    earlier = np.full((30, 20, 3), 200, np.uint8)
    kept = split(render(grey(), Drawing(crop=(0, 0, 9, 9), origin=True, image=earlier)))
    assert kept.whole is None
    assert kept.cut is not None
    shown = cv2.imdecode(np.frombuffer(kept.cut, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert (shown.shape, round(float(shown.mean()))) == ((30, 20, 3), 200)
