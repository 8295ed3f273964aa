"""Measures on cases that can be reckoned by hand."""

import numpy as np
import pytest

from vedette.evaluation.metrics.clear import clear
from vedette.evaluation.metrics.detection import average_precision, curve
from vedette.evaluation.metrics.events import score
from vedette.evaluation.metrics.hota import hota
from vedette.evaluation.metrics.identity import identity
from vedette.evaluation.seen import Told
from vedette.evaluation.truth import Boxes, TrueEvent

HERE, THERE, AWAY = (0.0, 0.0, 10.0, 10.0), (100.0, 0.0, 110.0, 10.0), (500.0, 0.0, 510.0, 10.0)


def picture(*known: tuple[int, tuple[float, float, float, float]], scores: tuple[float, ...] | None = None) -> Boxes:
    return Boxes.of(
        np.array([box for _, box in known], np.float64).reshape(-1, 4),
        ids=np.array([who for who, _ in known], np.int64),
        scores=None if scores is None else np.array(scores),
    )


BOTH = picture((1, HERE), (2, THERE))


def test_who_sees_all_and_nothing_else_is_perfect() -> None:
    """Whatever the numbers of the tracks are."""
    pairs = [(BOTH, picture((7, HERE), (9, THERE)))] * 4
    assert clear(pairs).mota == identity(pairs).idf1 == 1.0
    assert hota(pairs).hota == pytest.approx(1.0)
    assert average_precision(pairs) == (1.0, 1.0)


def test_a_track_that_changes_its_number_half_way() -> None:
    """One switch for CLEAR; half of that one is under the wrong identity; association is lost for one of two."""
    pairs = [(BOTH, picture((7, HERE), (9, THERE)))] * 2 + [(BOTH, picture((8, HERE), (9, THERE)))] * 2
    assert (clear(pairs).switches, clear(pairs).mota) == (1, 1 - 1 / 8)
    assert identity(pairs).idf1 == 6 / 8
    found = hota(pairs)
    assert (found.detection, found.association) == pytest.approx((1.0, (4 * 1.0 + 4 * 0.5) / 8))


def test_what_is_missed_and_what_is_false() -> None:
    """One of two is not seen, and something that is not there is."""
    pairs = [(BOTH, picture((7, HERE), (8, AWAY)))] * 3
    found = clear(pairs)
    assert (found.missed, found.false, found.mota) == (3, 3, 0.0)
    assert identity(pairs).precision == identity(pairs).recall == 0.5


def test_nobody_there_and_nobody_seen() -> None:
    """An empty clip breaks nothing."""
    pairs = [(Boxes.none(), Boxes.none())] * 3
    assert (clear(pairs).mota, identity(pairs).idf1, hota(pairs).hota) == (0.0, 0.0, 0.0)
    assert average_precision(pairs) == (0.0, 0.0)


def test_a_curve_from_the_surest_on() -> None:
    """Right, wrong, right: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1; the envelope has 1 and 2/3."""
    found = curve([(BOTH, picture((1, HERE), (2, AWAY), (3, THERE), scores=(0.9, 0.8, 0.7)))])
    assert found.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3])
    assert found.recall.tolist() == [0.5, 0.5, 1.0]
    assert found.area == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert found.best()[3] == pytest.approx(0.7)


def test_what_is_ignored_is_no_fault_either_way() -> None:
    """A box that the truth does not judge may be seen or not."""
    true = Boxes.of(np.array([HERE, THERE]), ignored=np.array([False, True]))
    assert curve([(true, picture((1, HERE), (2, THERE), scores=(0.5, 0.9)))]).area == 1.0


def test_a_true_box_is_found_once() -> None:
    """The second box on the same thing is false."""
    assert curve([(picture((1, HERE)), picture((1, HERE), (2, HERE), scores=(0.9, 0.8)))]).precision.tolist() == [
        1,
        0.5,
    ]


def test_events_answer_one_each_within_their_tolerance() -> None:
    """Two near one another are not answered by the same; one of another kind answers nobody."""
    true = [TrueEvent("fall", 1.0, 1.0, 0.5), TrueEvent("fall", 1.4, 1.4, 0.5), TrueEvent("fall", 9.0, 9.0, 0.5)]
    told = [Told("fall", 1.3), Told("fight", 9.0), Told("fall", 30.0), Told("fall", 9.0, over=True)]
    found = score(true, told)
    assert [wanted.time for wanted, _ in found.pairs] == [1.4]
    assert [event.time for event in found.missed] == [1.0, 9.0]
    assert [event.kind for event in found.false] == ["fight", "fall"]
    assert (found.precision, found.recall) == (1 / 3, 1 / 3)
    assert found.median_delay == pytest.approx(-0.1)


def test_an_event_that_lasts_may_be_told_as_long_as_it_does() -> None:
    """A crowd that stays for a minute is told within it."""
    assert score([TrueEvent("", 10.0, 70.0, 1.0)], [Told("crowd", 60.0)]).f1 == 1.0
    assert score([], []).f1 == 1.0
