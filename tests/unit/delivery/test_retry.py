"""When a failed delivery is tried again."""

import pytest

from vedette.delivery.retry import GIVE_UP_S, IN_ORDER, SCHEDULE_S, next_attempt, pause
from vedette.model.errors import SinkBusy, SinkError, SinkForbidden, SinkGone, SinkRefused, SinkUnreachable

NOW = 1_800_000_000_000


def middle() -> float:
    return 0.5


def test_the_waits_follow_the_list() -> None:
    """The schedule is data; the code only reads it."""
    waits = [next_attempt(SinkUnreachable("x"), n, NOW, middle) for n in range(1, len(SCHEDULE_S) + 2)]
    assert waits == [NOW + seconds * 1000 for seconds in SCHEDULE_S] + [None]


def test_a_delivery_is_tried_for_about_a_day() -> None:
    """A receiver that is repaired the next morning still gets what it missed."""
    assert 20 * 3600 < sum(SCHEDULE_S) < 28 * 3600
    assert GIVE_UP_S == 86_400


@pytest.mark.parametrize(("rand", "share"), [(0.0, 0.8), (0.5, 1.0), (0.999999, 1.2)])
def test_the_jitter_is_a_fifth(rand: float, share: float) -> None:
    """What failed together shall not come back together, nor much later than the list says."""
    at = next_attempt(SinkUnreachable("x"), 3, NOW, lambda: rand)
    assert at is not None
    assert at - NOW == pytest.approx(SCHEDULE_S[2] * 1000 * share, rel=1e-4)


def test_a_pause_that_was_asked_for_is_kept() -> None:
    """Retry-After is obeyed where it is longer than our own wait, and does not shorten it."""
    assert next_attempt(SinkBusy("x", retry_after_s=40), 1, NOW, middle) == NOW + 40_000
    assert next_attempt(SinkBusy("x", retry_after_s=0), 2, NOW, middle) == NOW + SCHEDULE_S[1] * 1000


def test_a_refusal_gets_its_tries_within_seconds() -> None:
    """It is of one event, and nobody waits for it."""
    waits = [next_attempt(SinkRefused("x"), n, NOW, middle) for n in (1, 2, 3)]
    assert waits == [NOW + 1000, NOW + 2000, None]


def test_a_row_holds_up_others_for_about_a_minute() -> None:
    """Order is worth that much, and no more."""
    assert 50 < sum(SCHEDULE_S[: IN_ORDER - 1]) < 70


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (SinkRefused("x"), 3),
        (SinkGone("x"), 1),
        (SinkForbidden("x"), 1),
        (SinkBusy("x"), 21),
        (SinkUnreachable("x"), 21),
    ],
)
def test_each_failure_has_its_number_of_tries(error: SinkError, tries: int) -> None:
    """Nobody who says no is asked for a day; nobody who is away is given up at once."""
    allowed = next(n for n in range(1, 99) if next_attempt(error, n, NOW, middle) is None)
    assert allowed == tries


def test_probes_of_an_absent_destination_settle_at_a_minute() -> None:
    """It is found again soon after it is back, and costs little until then."""
    waits = [pause(n, middle) for n in range(50)]
    assert waits[0] == 1000
    assert waits == sorted(waits)
    assert waits[-1] == 60_000
