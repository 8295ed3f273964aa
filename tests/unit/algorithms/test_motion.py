"""The motion detector on invented pictures, where every pixel is known."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from vedette.algorithms.motion import MotionDetector
from vedette.model.detection import Detections
from vedette.model.frame import Frame, Image, Position
from vedette.testing import frame_of

HEIGHT, WIDTH = 360, 640
Draw = Callable[[Image, float], None]


def ground(seed: int = 1) -> Image:
    """A still place: stains of many sizes, darker at the left."""
    dice = np.random.default_rng(seed)
    stains = np.kron(dice.normal(0, 10, (HEIGHT // 8, WIDTH // 8)), np.ones((8, 8)))
    return (110 + stains + np.linspace(-30, 30, WIDTH)).clip(20, 235).astype(np.uint8)


def nothing(_picture: Image, _time: float) -> None:
    """Draw nothing."""


def block(x: int, y: int, value: int = 30, size: tuple[int, int] = (40, 100)) -> Draw:
    """A thing that stands there."""

    def draw(picture: Image, _time: float) -> None:
        picture[y : y + size[1], x : x + size[0]] = value

    return draw


def walker(begin: float, x: int = 0, speed: float = 80.0) -> Draw:
    """A thing that goes to the right from a moment on."""

    def draw(picture: Image, time: float) -> None:
        left = int(x + speed * (time - begin))
        if time >= begin and 0 <= left < WIDTH - 40:
            picture[150:250, left : left + 40] = 30

    return draw


def pictures(
    seconds: float, *draws: Draw, fps: float = 10, light: Callable[[float], float] = lambda _: 1.0
) -> Iterator[Frame]:
    """A noisy film of the place with things in it."""
    still, dice = ground(), np.random.default_rng(2)
    for index in range(round(seconds * fps)):
        time = index / fps
        picture = still.copy()
        for draw in draws:
            draw(picture, time)
        noisy = picture * light(time) + dice.normal(0, 2.0, picture.shape)
        yield frame_of(noisy.clip(0, 255).astype(np.uint8), time, index=index)


def watch(film: Iterator[Frame], detector: MotionDetector | None = None) -> list[tuple[float, Detections]]:
    detector = detector or MotionDetector()
    return [(frame.time, detector(frame)) for frame in film]


def counts(seen: list[tuple[float, Detections]], begin: float = 0, end: float = 1e9) -> list[int]:
    return [len(found) for time, found in seen if begin <= time < end]


def test_an_empty_noisy_place_gives_nothing() -> None:
    """Noise is not motion."""
    assert sum(counts(watch(pictures(8)))) == 0


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_a_walker_is_one_box_in_source_pixels_at_any_rate(fps: float) -> None:
    """Time is the picture's, so the number of pictures a second does not matter."""
    seen = watch(pictures(8, walker(3.0), fps=fps))
    for time, found in seen:
        if 3.8 < time < 7.5:
            assert len(found) == 1
            left = 80 * (time - 3.0)
            assert np.abs(found.boxes[0] - (left, 150, left + 40, 250)).max() <= 8
    assert sum(counts(seen, end=3.0)) == 0


def test_the_same_pictures_give_the_same_boxes() -> None:
    """Events get their ids from what was seen: a replay must see it again."""
    one, other = (watch(pictures(6, walker(2.5))) for _ in range(2))
    assert all(
        np.array_equal(a.boxes, b.boxes) and np.array_equal(a.scores, b.scores)
        for (_, a), (_, b) in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("moment", [0.45, 2.0, 3.5, 5.2])
def test_what_follows_a_checkpoint_is_what_would_have_followed_without_it(moment: float) -> None:
    """A worker that dies must leave no trace in the results, whether it dies while learning or later."""
    film = list(pictures(7, walker(3.0), light=lambda t: 1.0 if t < 4.5 else 0.8))
    through = MotionDetector()
    before = [through(frame) for frame in film if frame.time < moment]
    heir = MotionDetector()
    heir.restore(through.state())
    assert before is not None
    for frame in film:
        if frame.time >= moment:
            expected, found = through(frame), heir(frame)
            assert np.array_equal(expected.boxes, found.boxes)
            assert np.array_equal(expected.scores, found.scores)


def test_a_checkpoint_is_not_changed_by_what_comes_after_it() -> None:
    """It is encoded later, perhaps by another thread."""
    film = list(pictures(6, walker(2.0)))
    detector = MotionDetector()
    for frame in film[:30]:
        detector(frame)
    state = detector.state()
    kept = {name: np.array(value, copy=True) for name, value in state.items() if isinstance(value, np.ndarray)}
    for frame in film[30:]:
        detector(frame)
    assert kept
    assert all(np.array_equal(kept[name], state[name]) for name in kept)


@pytest.mark.parametrize("factor", [0.7, 0.85, 1.2, 1.35])
def test_a_sudden_change_of_all_light_is_not_motion(factor: float) -> None:
    """A camera that exposes anew, a lamp that goes on."""
    assert sum(counts(watch(pictures(8, light=lambda t: 1.0 if t < 4 else factor)))) == 0


def test_a_walker_is_seen_through_a_change_of_light() -> None:
    """The moment of the change may be lost, not the walker."""
    seen = watch(pictures(9, walker(3.0), light=lambda t: 1.0 if t < 5 else 0.75))
    assert counts(seen, 5.6, 7.9) == [1] * len(counts(seen, 5.6, 7.9))


def test_slow_light_is_followed() -> None:
    """Clouds and dusk."""
    assert sum(counts(watch(pictures(20, light=lambda t: 1 + 0.25 * np.sin(t / 6))))) == 0


def test_the_place_of_a_thing_that_left_is_empty_within_two_seconds() -> None:
    """It stood there from the first picture on, so the background is what has changed."""
    seen = watch(pictures(9, lambda picture, t: block(300, 150)(picture, t) if t < 4 else None))
    assert sum(counts(seen, end=3.9)) == 0
    assert sum(counts(seen, begin=6.0)) == 0


def test_what_stands_still_is_told_for_long_and_then_falls_asleep() -> None:
    """A parked car is news for less than a minute; it leaves no ghost when it goes."""
    parked = block(300, 150, value=220)
    seen = watch(pictures(80, lambda picture, t: parked(picture, t) if 3 < t < 65 else None, fps=5))
    assert counts(seen, 4, 40) == [1] * len(counts(seen, 4, 40))
    assert sum(counts(seen, 55)) == 0


def test_a_lamp_that_flickers_becomes_part_of_the_place() -> None:
    """It comes back to the same two values again and again."""
    dice = np.random.default_rng(5)
    burning = np.repeat(dice.random(200) < 0.5, 2)
    lamp = block(300, 150, value=240, size=(24, 24))
    seen = watch(pictures(20, lambda picture, t: lamp(picture, t) if burning[int(t * 10 + 0.01)] else None))
    assert sum(counts(seen, 14)) <= 2


def test_head_and_legs_on_a_coat_as_bright_as_the_wall_are_one_figure() -> None:
    """The coat is seen faintly, and that is enough to hold them together."""

    def figure(picture: Image, t: float) -> None:
        left = int(80 * (t - 3))
        if 0 <= left < WIDTH - 40:
            picture[150:172, left + 10 : left + 30] = 25
            coat = picture[172:205, left + 6 : left + 34]
            coat[:] = (coat.astype(np.int16) + 7).astype(np.uint8)
            picture[205:260, left + 6 : left + 34] = 25

    found = [len(one) for time, one in watch(pictures(8, figure)) if 4 < time < 7.5]
    assert np.mean(np.array(found) == 1) > 0.9


def test_two_walkers_one_behind_the_other_are_two() -> None:
    """Open ground between them keeps them apart."""

    def two(picture: Image, t: float) -> None:
        left = int(80 * (t - 3))
        if 0 <= left < WIDTH - 40:
            picture[60:120, left : left + 26] = 30
            picture[170:260, left : left + 36] = 30

    seen = watch(pictures(8, two))
    assert set(counts(seen, 4, 7.5)) == {2}


def test_colour_is_never_asked_for() -> None:
    """Converting costs more than all the rest."""

    def refuse() -> Image:
        raise AssertionError("somebody asked for colour")

    detector = MotionDetector()
    for frame in pictures(5, walker(2.0)):
        detector(Frame(frame.position, frame.luma, refuse))


def test_the_picture_is_left_as_it_was() -> None:
    """It is a view of the decoder's memory, shared by all tasks on the stream."""
    detector = MotionDetector()
    for frame in pictures(3, walker(1.5)):
        before = frame.luma.copy()
        detector(frame)
        assert np.array_equal(before, frame.luma)


def test_another_size_begins_anew() -> None:
    """A camera may change its resolution under way."""
    detector = MotionDetector()
    watch(pictures(3), detector)
    small = Frame(
        Position(0, 31, 3_100_000), np.full((100, 200), 90, np.uint8), lambda: np.zeros((100, 200, 3), np.uint8)
    )
    assert len(detector(small)) == 0


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (240, 20), (20, 4000)])
def test_absurd_sizes_do_no_harm(shape: tuple[int, int]) -> None:
    """Whatever the decoder gives is looked at."""
    detector = MotionDetector()
    for index in range(30):
        assert len(detector(frame_of(np.full(shape, 90 + index % 2, np.uint8), index / 10, index=index))) == 0
