"""The judge of pictures, on pictures made here."""

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from vedette.algorithms.quality import Judge
from vedette.model.look import Fault

Shot = NDArray[np.uint8]


def street(seed: int = 1, size: tuple[int, int] = (180, 320)) -> Shot:
    """A picture with sharp things in it, of many colours that make grey together."""
    dice = np.random.default_rng(seed)
    picture = np.full((*size, 3), 118, np.uint8)
    for _ in range(90):
        y, x = dice.integers(0, size[0] - 20), dice.integers(0, size[1] - 20)
        picture[y : y + dice.integers(6, 40), x : x + dice.integers(6, 40)] = dice.integers(40, 210, 3)
    return picture


def noisy(picture: Shot, count: int, seed: int = 2) -> list[Shot]:
    dice = np.random.default_rng(seed)
    return [np.clip(picture + dice.normal(0, 2, picture.shape), 0, 255).astype(np.uint8) for _ in range(count)]


def told(judge: Judge, pictures: Iterable[Shot], start_us: int = 0) -> tuple[Fault, ...] | None:
    for index, picture in enumerate(pictures):
        judge.see(picture, start_us + index * 200_000)
    return judge.faults()


def test_nothing_is_said_before_three_pictures_came() -> None:
    """An empty verdict would say that the picture is good."""
    judge = Judge()
    assert judge.faults() is None
    assert told(judge, noisy(street(), 2)) is None
    assert told(judge, noisy(street(), 1), 400_000) == ()


def test_a_black_picture_is_black_and_nothing_more() -> None:
    """Black is flat, unsharp, dark, and never changes: one word is enough."""
    assert told(Judge(), [np.zeros((90, 160, 3), np.uint8)] * 200) == (Fault.BLACK_SCREEN,)


def test_a_grey_picture_is_grey_and_nothing_more() -> None:
    """A decoder that has no data yet shows the middle of its range."""
    assert told(Judge(), [np.full((90, 160, 3), 128, np.uint8)] * 200) == (Fault.GRAY_SCREEN,)


def test_a_picture_that_repeats_itself_for_half_a_minute_is_frozen() -> None:
    """Less than that may be a quiet scene between two key pictures."""
    judge = Judge()
    assert told(judge, [street()] * 150) == ()
    assert told(judge, [street()] * 10, 30_000_000) == (Fault.SCREEN_FREEZE,)


def test_a_lively_picture_that_stops_is_frozen_after_ten_seconds() -> None:
    """Where every picture had its own noise, silence means more."""
    judge, pictures = Judge(), noisy(street(), 60)
    assert told(judge, pictures) == ()
    assert told(judge, [pictures[-1]] * 52, 12_000_000) == (Fault.SCREEN_FREEZE,)


def test_quiet_pictures_between_key_pictures_are_not_frozen() -> None:
    """An encoder that skips what does not change repeats pictures exactly; the next key picture differs a little."""
    keys = noisy(street(), 10)
    assert told(Judge(), [key for key in keys for _ in range(60)]) == ()


def test_a_fault_that_shows_now_and_then_does_not_flicker() -> None:
    """It is told from its third picture until it was away for three seconds."""
    judge, dark = Judge(), np.zeros((90, 160, 3), np.uint8)
    assert told(judge, [dark] * 3) == (Fault.BLACK_SCREEN,)
    assert told(judge, noisy(street(), 10), 600_000) == (Fault.BLACK_SCREEN,)
    assert told(judge, noisy(street(), 8), 2_600_000) == ()


def test_one_bad_picture_is_no_fault() -> None:
    """Decoders lose one now and then."""
    judge = Judge()
    told(judge, noisy(street(), 20))
    assert told(judge, [np.full((180, 320, 3), 128, np.uint8)] * 2, 4_000_000) == ()


def test_a_turned_camera_is_told_and_accepted_in_the_end() -> None:
    """Whoever turned it wants it so: after five minutes that is the scene."""
    judge = Judge()
    assert told(judge, noisy(street(1), 60)) == ()
    assert told(judge, noisy(street(5), 60), 12_000_000) == (Fault.SCENE_UPHEAVAL,)
    assert told(judge, noisy(street(5), 60) * 27, 24_000_000) == ()


def test_time_that_jumps_back_starts_anew() -> None:
    """A source that was opened again counts from nought."""
    judge = Judge()
    told(judge, [street()] * 140, 50_000_000)
    assert told(judge, [street()] * 140) == ()


def test_a_picture_without_three_colours_is_refused() -> None:
    with pytest.raises(ValueError, match="three colours"):
        Judge().see(np.zeros((4, 4), np.uint8), 0)


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 4000), (16, 4096), (4096, 16), (3, 5), (64, 64), (2160, 4096), (719, 1281)]
)
@pytest.mark.parametrize("kind", ["noise", "one value", "grey only"])
def test_any_size_is_judged(size: tuple[int, int], kind: str) -> None:
    """Cameras and broken headers give all of them; odd sizes change within a stream too."""
    dice = np.random.default_rng(3)
    judge = Judge()
    with np.errstate(all="raise"):
        for index in range(4):
            picture = np.full((*size, 3), 90, np.uint8)
            if kind != "one value":
                picture[:] = dice.integers(0, 256, (*size, 3 if kind == "noise" else 1), np.uint8)
            judge.see(picture, index * 200_000)
        judge.see(np.zeros((9, 9, 3), np.uint8), 800_000)
    assert judge.faults() is not None


def test_the_same_pictures_give_the_same_verdicts() -> None:
    """Nothing is left to chance, and no judge knows of another."""
    pictures = noisy(street(), 30) + noisy(street(9), 30)

    def verdicts() -> list[tuple[Fault, ...] | None]:
        judge = Judge()
        return [told(judge, [picture], index * 200_000) for index, picture in enumerate(pictures)]

    assert verdicts() == verdicts()
