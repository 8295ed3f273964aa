"""Which shots of a face are sent, and when."""

import json
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from faces import HEIGHT, Face, FaceDetector, Script, picture

from vedette.algorithms import Finding, Mark, Track
from vedette.algorithms.builtin.face_extraction import FACE, FaceData, FaceExtraction, FaceExtractionConfig
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import check_config
from vedette.algorithms.state import pack, unpack
from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.pictures import split
from vedette.model.stream import TaskRun
from vedette.results.message import make_event
from vedette.results.snapshot import render
from vedette.testing.messages import check_finding

Told = list[tuple[float, Finding]]
RUN = TaskRun(TaskId("a" * 32), RunId("r"), ProjectId("p"), "c-face-detection", "3.0", {}, "gate", 1_618_299_313_900)
SAMPLE = {
    "detection_max_size": 800,
    "detection_min_size": 120,
    "origin_image_send_sw": 0,
    "image_compression_ratio": 90,
    "frame_skip_number": 0,
    "face_first_send_threshold": 0.5,
    "face_must_send_sw": 0,
    "face_repeat_send_sw": 0,
    "face_repeat_send_mode": "QUALITY_STEP",
    "face_repeat_send_step": 1.2,
    "face_repeat_send_interval": 1,
    "target_roi": "",
}
STILL: Script = lambda _: [Face()]  # noqa: E731  a script, as the others are


def service(script: Script, **common: Any) -> FaceExtraction:
    return FaceExtraction(FaceExtractionConfig.model_validate(common), FaceDetector(script))


def watch(script: Script, seconds: float = 6, **common: Any) -> Told:
    algorithm, told = service(script, **common), []
    for n in range(round(seconds * 10)):
        for finding in algorithm.process(picture(n)):
            check_finding(FaceExtraction.manifest, finding)
            told.append((picture(n).time, finding))
    return told


def data(finding: Finding) -> FaceData:
    assert isinstance(finding.data, FaceData)
    return finding.data


def times(told: Told) -> list[float]:
    return [time for time, _ in told]


def test_a_face_is_sent_once_after_a_short_look_at_it() -> None:
    """Third picture: the track is believed. Half a second later it is known how good its shots are."""
    ((time, finding),) = watch(STILL)
    assert time == pytest.approx(0.7)
    assert (finding.event_type, finding.subject, finding.over) == (FACE, "track:1:1", None)
    box = data(finding).bounding_box
    assert (box.x, box.y, box.w, box.h) == (530, 230, 140, 140)
    assert data(finding).detection_id == Track(1)
    assert data(finding).face_id == Mark("face", 1, 1)


def test_a_better_shot_within_the_first_moments_is_waited_for() -> None:
    """The person looks away for a moment and back at one second: the shot sent is of then, as good as the first."""
    ((time, _),) = watch(lambda t: [Face(turned=0.8 if 0.35 < t < 0.95 else 0.0)])
    assert time == pytest.approx(1.0)
    ((late, finding),) = watch(lambda t: [Face(turned=0.0 if t < 0.35 else 0.5)])
    assert late == pytest.approx(1.7), "no shot comes near the first one any more: the next good one is taken"
    assert finding.drawing is not None
    assert finding.drawing.crop == (488, 188, 224, 224)


def test_a_face_that_is_good_for_a_moment_is_sent_from_that_moment() -> None:
    """Its best shot is remembered, as pixels; the whole picture of then is gone."""
    ((time, finding),) = watch(lambda t: [Face(turned=0.0 if t < 0.45 else 1.0)], origin_image_send_sw=1)
    assert time == pytest.approx(1.7)
    assert finding.drawing is not None
    assert finding.drawing.image is not None
    assert finding.drawing.image.shape == (224, 224, 3)
    assert not finding.drawing.origin
    assert "origin_image_id" not in message(time, finding)["data"]


def test_a_face_that_goes_before_it_was_sent_is_sent_when_it_is_gone() -> None:
    ((time, finding),) = watch(lambda t: [Face()] if t < 0.6 else [])
    assert time == pytest.approx(1.5)
    assert finding.drawing is not None
    assert finding.drawing.image is not None


@pytest.mark.parametrize(("must", "count"), [(0, 1), (1, 2)])
def test_what_waits_when_the_file_ends_is_sent_then(must: int, count: int) -> None:
    """A clip may end while somebody is still looked at; who was never good enough has to be asked for."""
    algorithm = service(lambda _: [Face(x=300), Face(x=900, turned=1.0)], face_must_send_sw=must)
    assert [finding for n in range(5) for finding in algorithm.process(picture(n))] == []
    assert len(list(algorithm.finish(picture(4)))) == count
    assert list(algorithm.finish(picture(4))) == []


def test_each_person_has_a_track_and_a_face_of_their_own() -> None:
    told = watch(lambda _: [Face(x=300), Face(x=900)])
    assert sorted(data(finding).detection_id.number for _, finding in told) == [1, 2]
    assert len({data(finding).face_id for _, finding in told}) == 2
    assert len({data(finding).node_id for _, finding in told}) == 1


def turning(t: float) -> list[Face]:
    """Badly seen, then better, then well."""
    return [Face(turned=0.85 if t < 2 else 0.6 if t < 3 else 0.0)]


def region(*corners: tuple[float, float]) -> str:
    return json.dumps({"polygons": [{"data": [list(corner) for corner in corners]}]})


LEFT = region((0, 0), (640, 0), (640, 720), (0, 720))
RIGHT = region((640, 0), (1280, 0), (1280, 720), (640, 720))

KEYS: dict[str, tuple[dict[str, Any], Script, list[float]]] = {
    "a smaller face counts if it may": ({"detection_min_size": "60"}, lambda _: [Face(side=75)], [0.7]),
    "by default it does not: 120 of 1080 rows are 80 of 720": ({}, lambda _: [Face(side=75)], []),
    "a larger face does not count": ({"detection_max_size": 130}, STILL, []),
    "a face outside of the region does not count": ({"target_roi": RIGHT}, STILL, []),
    "a face in the region does": ({"target_roi": LEFT}, STILL, [0.7]),
    "pictures are passed over": ({"frame_skip_number": 2}, STILL, [1.2]),
    "a low threshold sends poor shots": ({"face_first_send_threshold": 0.2}, lambda _: [Face(turned=0.97)], [0.7]),
    "a high threshold sends none": ({"face_first_send_threshold": "0.9"}, lambda _: [Face(turned=0.5)], []),
    "a face that must be sent is sent when it is gone": (
        {"face_must_send_sw": 1},
        lambda t: [Face(turned=1.0)] if t < 3 else [],
        [3.9],
    ),
    "without the switch it is not": ({}, lambda t: [Face(turned=1.0)] if t < 3 else [], []),
    "better by the step it is sent again": ({"face_repeat_send_sw": 1}, turning, [0.7, 2.0, 3.0]),
    "a greater step needs more": ({"face_repeat_send_sw": 1, "face_repeat_send_step": 1.5}, turning, [0.7, 3.0]),
    "without the switch it is sent once": ({"face_repeat_send_step": 1.2}, turning, [0.7]),
    "after the interval it is sent again": (
        {"face_repeat_send_sw": "1", "face_repeat_send_mode": "INTERVAL", "face_repeat_send_interval": 2},
        STILL,
        [0.7, 2.7, 4.7],
    ),
    "the usual interval is a second": (
        {"face_repeat_send_sw": 1, "face_repeat_send_mode": "INTERVAL"},
        STILL,
        [0.7, 1.7, 2.7, 3.7, 4.7, 5.7],
    ),
}


@pytest.mark.parametrize("what", KEYS)
def test_each_key_makes_a_difference(what: str) -> None:
    common, script, expected = KEYS[what]
    assert times(watch(script, **common)) == pytest.approx(expected)


def test_a_face_that_must_be_sent_and_never_goes_is_sent_after_a_while() -> None:
    """Somebody sits at a desk in profile all day."""
    assert times(watch(lambda _: [Face(turned=1.0)], 15, face_must_send_sw=1)) == pytest.approx([10.2])


def test_pictures_that_are_passed_over_are_not_looked_at() -> None:
    detector = FaceDetector(STILL)
    algorithm = FaceExtraction(FaceExtractionConfig(frame_skip_number=4), detector)
    for n in range(30):
        list(algorithm.process(picture(n)))
    assert detector.looked == 6


def message(time: float, finding: Finding) -> dict[str, Any]:
    shown = picture(round(time * 10))
    return dict(json.loads(json.dumps(make_event(RUN, shown, finding, b"jpeg").message)))


def test_the_message_has_the_published_keys_and_its_schema_holds_it() -> None:
    """With the whole picture asked for, which is named after the event; without, its keys are absent."""
    (kind,) = FaceExtraction.manifest.events
    schema = jsonschema_rs.Draft202012Validator(message_schema(kind), validate_formats=True)
    for switch in (0, 1):
        ((time, finding),) = watch(STILL, **(SAMPLE | {"origin_image_send_sw": switch}))
        told = message(time, finding)
        schema.validate(told)
        schema.validate(told | {"image_base64": "/9g=", "origin_image_base64": "/9g="})
        origin = {"origin_image_id", "origin_image_path", "origin_json_path"} if switch else set()
        assert set(told["data"]) == {"node_id", "face_id", "detection_id", "bounding_box"} | origin
        if switch:
            name = f"{RUN.task_id}/20210413/{told['message_id']}"
            assert told["data"]["origin_image_path"] == f"{name}.origin.jpg"
            assert told["data"]["origin_json_path"] == f"{name}.json"


def test_the_picture_is_the_face_and_the_whole_one_comes_with_it_if_asked_for() -> None:
    for switch in (0, 1):
        ((time, finding),) = watch(STILL, origin_image_send_sw=switch, image_compression_ratio=40)
        assert finding.drawing is not None
        assert finding.drawing.quality == 40
        kept = split(render(picture(round(time * 10)), finding.drawing))
        assert kept.cut is not None
        assert (kept.whole is not None) is bool(switch)


def test_faces_of_one_picture_share_its_id() -> None:
    told = watch(lambda _: [Face(x=300), Face(x=900)], origin_image_send_sw=1)
    assert len({data(finding).origin_image_id for _, finding in told}) == 1


def test_the_published_sample_is_accepted_and_wrong_values_are_refused_by_name() -> None:
    config, warnings = check_config(FaceExtraction.manifest, SAMPLE)
    assert warnings == ()
    assert config.model_dump()["detection_min_size"] == 120
    wrong = {
        "face_first_send_threshold": 1.5,
        "face_repeat_send_mode": "SOMETIMES",
        "face_repeat_send_step": "much",
        "frame_skip_number": -1,
        "face_must_send_sw": 2,
    }
    for key, value in wrong.items():
        with pytest.raises(InvalidParameter, match=key):
            check_config(FaceExtraction.manifest, SAMPLE | {key: value})
    assert "face_color" in check_config(FaceExtraction.manifest, SAMPLE | {"face_color": 1})[1][0]


def shots(told: list[list[Finding]]) -> list[bytes]:
    images = [finding.drawing and finding.drawing.image for findings in told for finding in findings]
    return [b"" if image is None else np.ascontiguousarray(image).tobytes() for image in images]


@pytest.mark.parametrize("cut", [2, 5, 11, 16, 24, 39])
def test_a_run_that_is_cut_goes_on_as_if_nothing_had_been(cut: int) -> None:
    """Shots that are remembered, too: pixel by pixel."""

    def script(t: float) -> list[Face]:
        good = Face(x=300, turned=0.0 if t < 0.45 else 1.0)
        leaving = [Face(x=900, turned=0.9)] if t < 3 else []
        return [good, *leaving, Face(x=600, y=120, turned=max(0.0, 0.9 - t / 4))]

    common: dict[str, Any] = {"face_must_send_sw": 1, "face_repeat_send_sw": 1, "frame_skip_number": 1}
    whole, first, second = (service(script, **common) for _ in range(3))
    pictures = [picture(n) for n in range(70)]
    wanted = [list(whole.process(shown)) for shown in pictures]
    told = [list(first.process(shown)) for shown in pictures[:cut]]
    state = unpack(pack(first.state(), 1), 1)
    assert state is not None
    second.restore(state)
    told += [list(second.process(shown)) for shown in pictures[cut:]]
    assert told == wanted
    assert shots(told) == shots(wanted)
    assert sum(map(len, wanted)) >= 4


def test_another_configuration_does_not_send_anybody_again() -> None:
    former = service(STILL)
    assert sum(len(list(former.process(picture(n)))) for n in range(20)) == 1
    changed = service(STILL, target_roi=LEFT)
    changed.succeed(former)
    assert sum(len(list(changed.process(picture(n)))) for n in range(20, 40)) == 0


def test_a_face_at_the_edge_of_the_picture_is_sent_with_what_there_is() -> None:
    ((time, finding),) = watch(lambda _: [Face(x=40, y=HEIGHT - 40)])
    assert finding.drawing is not None
    assert split(render(picture(round(time * 10)), finding.drawing)).cut is not None
