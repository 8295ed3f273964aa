"""The stage that other tests believe: it must itself be right."""

from pathlib import Path

import av
import numpy as np
import pytest

from vedette.testing.stage import STAYS, Actor, Light, Stage, Stop
from vedette.testing.stage_looks import Bag, Car, Crate, Figure, Look, Sprite, TwoWheeler
from vedette.testing.stage_places import plaza, road
from vedette.testing.stage_sprites import cut_out, empty_place
from vedette.testing.stage_truth import Told, against, ends, entries, rests, score, stays
from vedette.testing.stage_view import Above, Street
from vedette.testing.walkers import clothes

PLACE, VIEW = plaza(1)
ZONE = ((200.0, 200.0), (400.0, 200.0), (400.0, 340.0), (200.0, 340.0))
EVERYWHERE = ((-1.0, -1.0), (641.0, -1.0), (641.0, 361.0), (-1.0, 361.0))
PERSON, CAR = frozenset({"person"}), frozenset({"car"})


def walker(name: str = "walker", *stops: Stop, start: float = 1.0) -> Actor:
    return Actor(name, "person", Figure.of(3), stops or (Stop(100, 260), Stop(300, 260, 4), Stop(500, 260)), start)


def stage(*actors: Actor, seconds: float = 20) -> Stage:
    return Stage(PLACE, VIEW, actors, seconds)


def test_a_view_goes_there_and_back_and_what_is_nearer_is_larger() -> None:
    """The truth of speeds rests on it."""
    for view in (VIEW, Above(20.0), Street(-40, 6, 800, 320)):
        assert view.pixel(*view.metres(123, 300)) == pytest.approx((123, 300))
    assert VIEW.scale(300) > VIEW.scale(200)
    left, right = VIEW.metres(300, 260), VIEW.metres(300 + VIEW.scale(260), 260)
    assert right[0] - left[0] == pytest.approx(1.0)
    assert right[1] == left[1]


def test_an_actor_keeps_to_its_speed_waits_and_goes() -> None:
    scene, one = stage(walker()), walker()
    (comes, _), (arrives, leaves), (gone, _) = one.times(VIEW)
    assert (comes, leaves - arrives) == (1.0, 4.0)
    assert (arrives - comes) * 1.4 == pytest.approx(200 / VIEW.scale(260))
    assert scene.placed(one, 0.9) is None
    assert scene.placed(one, gone + 0.1) is None
    waiting, going = scene.placed(one, arrives + 1), scene.placed(one, leaves + 1)
    assert waiting is not None
    assert going is not None
    assert (waiting.foot, waiting.heading) == (pytest.approx((300, 260)), (0.0, 0.0))
    assert going.heading == (1.0, 0.0)
    assert going.ground[0] - waiting.ground[0] == pytest.approx(1.4)
    assert waiting.box[3] - waiting.box[1] == pytest.approx(1.75 * VIEW.scale(260))


def test_what_is_drawn_stands_in_its_box() -> None:
    """The truth is the box of the script, so what a picture shows must lie in it."""
    looks: list[tuple[Look, float]] = [
        (Figure.of(1), 1.75),
        (Car(), 1.5),
        (Bag(), 0.6),
        (Crate(), 0.7),
        (TwoWheeler(), 1.1),
        (TwoWheeler(rider=clothes(np.random.default_rng(1))), 1.7),
        (Sprite((np.full((40, 20, 4), 255, np.uint8),)), 1.7),
    ]
    for look, tall in looks:
        one = Actor("it", "it", look, (Stop(150, 290), Stop(450, 290)), 0, 2.0, tall, shadow=0)
        scene = stage(one, seconds=3)
        place = scene.placed(one, 2.0)
        assert place is not None
        rows, columns = np.nonzero((scene.compose(2.0) != PLACE).any(axis=2))
        found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        assert np.abs(found - np.array(place.box)).max() <= 0.12 * (place.box[3] - place.box[1]) + 1.5, look


def test_the_same_stage_gives_the_same_pictures_and_noise_never_stands_still() -> None:
    scene = stage(walker(), seconds=2)
    first, again = list(scene.frames()), list(scene.frames())
    assert all(np.array_equal(a.luma, b.luma) and a.position == b.position for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].luma, first[1].luma)
    assert first[0].bgr().shape == PLACE.shape
    assert [frame.time for frame in first[:3]] == [0.0, 0.1, 0.2]


def test_light_changes_when_it_is_told_to() -> None:
    scene = Stage(PLACE, VIEW, (), 4, light=Light(0.0, 40.0, ((2.0, 0.7),)))
    means = [float(frame.luma.mean()) for frame in scene.frames()]
    assert means[25] / means[15] == pytest.approx(0.7, abs=0.01)


def test_a_perfect_detector_leaves_out_what_is_hidden_or_out_of_sight() -> None:
    van = Actor("van", "car", Car(), (Stop(300, 320, STAYS),), 0, tall_m=2.4)
    behind = walker("behind", Stop(300, 300, STAYS), start=0)
    scene = stage(walker("outside", Stop(-200, 260, STAYS), start=0), behind, van)
    found = scene.seen(1.0)
    assert [found.labels[kind] for kind in found.classes] == ["car"]


def test_expected_events_follow_from_the_script() -> None:
    scene, one = stage(walker()), walker()
    (_, _), (arrives, leaves), _ = one.times(VIEW)
    (entry,) = entries(scene, ZONE, PERSON)
    assert entry.time == pytest.approx(1 + (arrives - 1) / 2, abs=0.1)
    (stay,) = stays(scene, ZONE, PERSON, 6.0)
    assert stay.time == pytest.approx(entry.time + 6)
    assert stays(scene, ZONE, PERSON, 60.0) == []
    (rest,) = rests(scene, ZONE, PERSON, 3.0)
    assert rest.time == pytest.approx(arrives + 3, abs=0.1)
    assert rests(scene, ZONE, PERSON, 4.5) == []
    (end,) = ends(scene, ZONE, PERSON, 3.0)
    assert end.time == pytest.approx(leaves, abs=0.1)
    assert entries(scene, ZONE, CAR) == []


def test_against_a_direction_is_more_than_a_right_angle_from_it() -> None:
    there = walker("there", Stop(100, 260), Stop(500, 260))
    back = walker("back", Stop(500, 280), Stop(100, 270))
    scene = stage(there, back)
    assert [event.actor for event in against(scene, EVERYWHERE, PERSON, (1.0, 0.0), 1.0)] == ["back"]
    assert [event.actor for event in against(scene, EVERYWHERE, PERSON, (-1.0, 0.3))] == ["there"]


def test_a_score_counts_each_event_once_in_time_and_in_place() -> None:
    scene, one = stage(walker()), walker()
    expected = entries(scene, ZONE, PERSON)
    (entry,) = expected
    place = scene.placed(one, entry.time + 0.5)
    assert place is not None
    box = (place.box[0], place.box[1], place.box[2] - place.box[0], place.box[3] - place.box[1])
    here = Told(entry.time + 0.5, box)

    def judged(*told: Told) -> tuple[int, int, int]:
        result = score(scene, expected, told, early_s=0.5, late_s=1.0)
        return result.right, len(result.missed), len(result.false)

    assert judged(here) == (1, 0, 0)
    assert judged(here, here) == (1, 0, 1)
    assert judged(Told(entry.time + 2, box)) == (0, 1, 1)
    assert judged(Told(entry.time + 0.5, (box[0] + 200, *box[1:]))) == (0, 1, 1)
    both = score(scene, expected, [here, here], early_s=0.5, late_s=1.0)
    assert (both.precision, both.recall, both.f1) == (0.5, 1.0, pytest.approx(2 / 3))
    assert (both + both).right == 2


def test_a_stage_can_be_written_as_a_clip(tmp_path: Path) -> None:
    picture, view = road(1)
    scene = Stage(picture, view, (), 1.0)
    scene.write(tmp_path / "road.mp4")
    with av.open(str(tmp_path / "road.mp4")) as clip:
        shown = [frame.to_ndarray(format="gray") for frame in clip.decode(video=0)]
    assert len(shown) == 10
    assert shown[0].shape == (360, 640)


def test_a_sprite_is_cut_out_of_pictures_by_what_is_not_in_the_empty_place() -> None:
    scene = stage(Actor("car", "car", Car(), (Stop(-100, 290), Stop(700, 290)), 0, 4.0, 1.5, shadow=0), seconds=6)
    pictures = [frame.bgr() for frame in scene.frames()]
    empty = empty_place(pictures[::4])
    place = scene.placed(scene.actors[0], 2.0)
    assert place is not None
    sprite = cut_out(pictures[20], empty, place.box)
    assert sprite is not None
    assert sprite.shape[1] == pytest.approx(place.box[2] - place.box[0], abs=6)
    assert 0.55 < (sprite[..., 3] > 127).mean() < 0.95, "the car, and neither all of the box nor a few pixels of it"
    assert cut_out(pictures[20], empty, (10.0, 10.0, 60.0, 60.0)) is None


def test_a_stage_refuses_what_it_cannot_show() -> None:
    with pytest.raises(ValueError, match="even"):
        Stage(PLACE[:-1], VIEW, (), 1.0)
    with pytest.raises(ValueError, match="one name"):
        stage(walker(), walker())
