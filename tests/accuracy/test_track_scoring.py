"""The measures themselves, on tracks so small that the figures can be worked out by hand."""

import numpy as np
import pytest
from track_scoring import Truth, tracking_score

HERE, THERE, ASIDE = (0.0, 0.0, 10.0, 10.0), (50.0, 0.0, 60.0, 10.0), (0.0, 0.0, 10.0, 20.0)


def tracks(*pictures: dict[int, tuple[float, ...]]) -> Truth:
    return {
        n: (np.array(list(picture), np.int64), np.array(list(picture.values()), np.float64).reshape(-1, 4))
        for n, picture in enumerate(pictures)
    }


def test_what_is_told_as_it_is_scores_one() -> None:
    people = tracks({1: HERE, 2: THERE}, {1: HERE}, {})
    score = tracking_score(people, people)
    assert (score.mota, score.idf1, score.hota) == (1.0, 1.0, pytest.approx(1.0))
    assert (score.misses, score.false, score.switches) == (0, 0, 0)


def test_a_number_that_changes_half_way() -> None:
    """One switch of four boxes; half of them belong together, and HOTA is the root of that half."""
    score = tracking_score(tracks(*[{1: HERE}] * 4), tracks({5: HERE}, {5: HERE}, {6: HERE}, {6: HERE}))
    assert (score.mota, score.idf1, score.switches) == (0.75, 0.5, 1)
    assert (score.deta, score.assa, score.hota) == pytest.approx((1.0, 0.5, 0.5**0.5))


def test_a_box_that_covers_half_is_right_for_alphas_up_to_a_half() -> None:
    """Ten of the nineteen alphas: 0.05 to 0.5."""
    score = tracking_score(tracks({1: HERE}), tracks({1: ASIDE}))
    assert score.mota == 1.0
    assert score.hota == pytest.approx(10 / 19)


def test_misses_and_false_boxes_are_counted_and_nothing_told_is_no_error() -> None:
    score = tracking_score(tracks({1: HERE, 2: THERE}, {1: HERE}), tracks({1: HERE}, {1: THERE}))
    assert (score.misses, score.false, score.switches, score.mota) == (2, 1, 0, 0.0)
    assert tracking_score(tracks({1: HERE}), {}).idf1 == 0.0


def test_one_box_answers_one_person_only_although_both_had_its_number() -> None:
    """After a switch two people may have been matched with the same track before."""
    people = tracks({1: HERE, 2: THERE}, {1: HERE, 2: THERE}, {1: HERE, 2: HERE})
    told = tracks({7: HERE}, {7: THERE}, {7: HERE})
    score = tracking_score(people, told)
    assert (score.misses, score.false, score.switches) == (3, 0, 0)
