import numpy as np
import pytest
from scenes import LABELS, Thing, detections

from vedette.algorithms import Tracked, Tracker, TrackerSettings
from vedette.algorithms.state import pack, unpack


def run(tracker: Tracker, pictures: list[tuple[float, list[Thing]]], score: float = 0.9) -> list[Tracked]:
    return [tracker.update(detections(things, score=score), time) for time, things in pictures]


def person(x: float, y: float = 200) -> Thing:
    return (x, y, 24, 60, "person")


@pytest.mark.parametrize("fps", [5, 10, 25, 30])
def test_a_walker_keeps_the_number_at_any_frame_rate(fps: int) -> None:
    """Ages count in seconds and speeds are learnt, so 5 pictures a second must do."""
    told = run(Tracker(LABELS), [(n / fps, [person(50 + 80 * n / fps)]) for n in range(5 * fps)])
    assert {int(track) for picture in told for track in picture.seen.track_ids} == {1}
    assert told[-1].confirmed.tolist() == [True]


def test_a_walker_keeps_the_number_when_pictures_come_unevenly() -> None:
    """Live streams drop pictures."""
    times = np.cumsum([0.05, 0.3, 0.1, 0.04, 0.4, 0.1, 0.2, 0.35, 0.05, 0.1] * 3)
    told = run(Tracker(LABELS), [(float(t), [person(50 + 60 * float(t))]) for t in times])
    assert {int(track) for picture in told for track in picture.seen.track_ids} == {1}


def test_two_who_pass_each_other_keep_their_numbers() -> None:
    """The speeds tell them apart when the boxes do not."""
    told = run(
        Tracker(LABELS),
        [(n / 10, [person(100 + 6 * n, 200), person(300 - 6 * n, 206)]) for n in range(40)],
    )
    last = told[-1].seen
    assert last.track_ids.tolist() == [1, 2]
    assert last.boxes[0, 0] > last.boxes[1, 0]


def test_somebody_hidden_for_a_second_keeps_the_number_and_for_four_does_not() -> None:
    for gap, same in ((10, True), (40, False)):
        pictures = [(n / 10, [person(100 + 3 * n)] if n < 20 or n >= 20 + gap else []) for n in range(80)]
        told = run(Tracker(LABELS), pictures)
        assert (told[-1].seen.track_ids.tolist() == [1]) is same


def test_something_parked_keeps_the_number_over_a_long_gap_and_another_place_does_not() -> None:
    """A parked car that the detector loses for ten seconds must not be told of again."""
    for shift, same in ((2, True), (60, False)):
        pictures = [
            (n / 10, [person(100 + (shift if n > 20 else 0))] if n < 20 or n >= 120 else []) for n in range(140)
        ]
        told = run(Tracker(LABELS), pictures)
        assert (told[-1].seen.track_ids.tolist() == [1]) is same


def test_a_weak_detection_continues_a_track_but_begins_none() -> None:
    """Half hidden people score low; so do shadows."""
    tracker = Tracker(LABELS)
    assert run(tracker, [(n / 10, [person(100)]) for n in range(5)], score=0.3)[-1].seen.track_ids.tolist() == []
    run(tracker, [(0.5 + n / 10, [person(100)]) for n in range(5)])
    assert run(tracker, [(1.0, [person(101)])], score=0.3)[0].seen.track_ids.tolist() == [1]


def test_a_single_flash_is_never_confirmed_and_soon_forgotten() -> None:
    tracker = Tracker(LABELS)
    told = run(tracker, [(0.0, [person(100)]), (0.1, []), (0.2, [])])
    assert not any(picture.confirmed.any() for picture in told)
    assert tracker.alive == frozenset()


def test_a_class_that_flips_for_a_moment_does_not_change_the_track() -> None:
    pictures = [(n / 10, [(100.0 + n, 200.0, 24.0, 60.0, "car" if n == 6 else "person")]) for n in range(10)]
    told = run(Tracker(LABELS), pictures)
    assert {int(track) for picture in told for track in picture.seen.track_ids} == {1}
    assert all(picture.seen.classes.tolist() == [0] for picture in told)


def test_a_tracker_that_goes_on_from_its_state_tells_exactly_the_same() -> None:
    """What follows a crash must be what would have followed without it."""
    random = np.random.default_rng(7)
    pictures = []
    for n in range(120):
        crowd = [
            person(50 + 4 * n + 60 * k + random.normal(0, 2), 120 + 30 * k + random.normal(0, 2)) for k in range(6)
        ]
        pictures.append((n / 12.5, [one for one in crowd if random.random() > 0.2]))
    whole, first = Tracker(LABELS), Tracker(LABELS)
    expected = run(whole, pictures)
    run(first, pictures[:60])
    state = unpack(pack(first.state(), 1), 1)
    assert state is not None
    second = Tracker(LABELS)
    second.restore(state)
    for told, wanted in zip(run(second, pictures[60:]), expected[60:], strict=True):
        assert told.seen.track_ids.tolist() == wanted.seen.track_ids.tolist()
        assert told.seen.boxes.tobytes() == wanted.seen.boxes.tobytes()


def test_what_state_gave_does_not_change_when_the_tracker_goes_on() -> None:
    """A checkpoint is stored later than it is taken."""
    tracker = Tracker(LABELS)
    run(tracker, [(n / 10, [person(100 + n)]) for n in range(5)])
    state = tracker.state()
    before = pack(state, 1)
    run(tracker, [(1 + n / 10, [person(105 + n)]) for n in range(5)])
    assert pack(state, 1) == before


def test_somebody_hidden_for_a_moment_is_assumed_to_go_on_and_somebody_who_left_is_not() -> None:
    """What is told of a picture is who is there, not whom the detector happened to find."""
    tracker = Tracker(LABELS)
    pictures = [(n / 20, [person(100 + 4 * n)]) for n in range(20)]
    seen = run(tracker, pictures)[-1].told
    told = tracker.update(detections([]), 1.0)
    assert len(told.seen) == 0
    assert told.told.track_ids.tolist() == seen.track_ids.tolist() == [1]
    assert told.told.boxes[0, 0] > seen.boxes[0, 0]
    assert len(tracker.update(detections([]), 2.0).told) == 0

    leaving = Tracker(LABELS)
    for time, things in pictures:
        leaving.update(detections(things), time, (184, 240))
    assert len(leaving.update(detections([]), 1.0, (184, 240)).told) == 0


def test_a_post_that_is_taken_for_a_person_is_doubtful_until_it_moves() -> None:
    """Never moved, and never believed much: both must hold."""
    tracker = Tracker(LABELS)
    weak = TrackerSettings().newborn - 0.001
    for n in range(20):
        picture = tracker.update(detections([person(100)], score=weak), n / 10)
    assert len(picture.seen) == 0, "it begins no track by itself"
    for n in range(20, 60):
        picture = tracker.update(detections([person(100)], score=0.66 if n < 22 else 0.6), n / 10)
    assert (picture.confirmed.tolist(), picture.doubtful.tolist(), len(picture.told)) == ([True], [True], 0)
    for n in range(60, 90):
        picture = tracker.update(detections([person(100 + 3 * (n - 60))], score=0.6), n / 10)
    assert (picture.doubtful.tolist(), len(picture.told)) == ([False], 1)


def test_looks_tell_two_apart_who_change_places_unseen() -> None:
    """The places alone say that each stays; the colours say who is who."""
    red, blue = np.eye(8, dtype=np.float32)[:2]
    tracker = Tracker(LABELS)
    for n in range(20):
        tracker.update(detections([person(100), person(124)]), n / 10, looks=np.stack([red, blue]))
    things = [(105.5, 200.0, 24.0, 60.0, "car"), person(118.5)]
    places = Tracker(LABELS)
    for n in range(20):
        places.update(detections([person(100), person(124)]), n / 10)
    who = places.update(detections(things), 2.0).seen
    assert who.track_ids.tolist() == [1, 2]
    tracker.update(detections(things), 2.0, looks=np.stack([blue, red]))
    votes = tracker.state()["tracks"]["votes"][:, LABELS.index("car")]
    assert votes.tolist() == [0.0, pytest.approx(0.9)], "the left one, whom the detector calls a car now, is number 2"


def test_looks_that_begin_or_change_their_kind_break_nothing() -> None:
    """A model for looks may be installed while a camera runs."""
    tracker = Tracker(LABELS)
    for n, numbers in enumerate((None, None, 4, 4, 6, None)):
        given = None if numbers is None else np.eye(numbers, dtype=np.float32)[:1]
        told = tracker.update(detections([person(100 + n)]), n / 10, looks=given)
    assert told.seen.track_ids.tolist() == [1]
