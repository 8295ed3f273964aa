"""Which pictures of an event about a part of the picture go where: from the stored file to a sink and a summary."""

import json
from collections.abc import Sequence

import pytest

from vedette.delivery.courier import Courier
from vedette.delivery.lane import Lane
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.result_file import ResultFiles
from vedette.model.ids import EventId, ProjectId, RunId, TaskId
from vedette.model.output import RESULT, ObsOutput, OutputKind
from vedette.model.pictures import join
from vedette.store.json_text import JsonText
from vedette.store.outbox import Due
from vedette.store.run_results import Told

TASK, RUN, NOON = TaskId("t1"), RunId("r1"), 1_777_896_000_000
FACE, WHOLE = b"\xff\xd8face\xff\xd9", b"\xff\xd8whole\xff\xd9"
NAMES: list[tuple[str, ...] | None] = [None, ("FaceImage",), ("OriginImage",), ("FaceImage", "OriginImage"), ("x",)]


class Sink:
    """Takes everything."""

    def __init__(self) -> None:
        self.had: list[Delivery] = []

    async def send(self, delivery: Delivery) -> None:
        self.had.append(delivery)


@pytest.mark.parametrize("named", NAMES)
@pytest.mark.parametrize("kept", [join(FACE, WHOLE), join(FACE, None), WHOLE], ids=["both", "face", "plain"])
async def test_an_output_gets_the_kinds_it_names(kept: bytes, named: tuple[str, ...] | None) -> None:
    """The whole picture of a plain event is its picture; that of a face comes beside it."""
    sink, read = Sink(), []

    def get(key: str) -> bytes:
        read.append(key)
        return kept

    lane = Lane("d", TASK, OutputKind.OBS, ObsOutput("results", "gate", named))
    row = Due(1, EventId("E-1"), TASK, 0, False, JsonText("{}"), "2026050412/" + "a" * 32, NOON)
    assert await Courier(get, {OutputKind.OBS: sink}).carry(lane, row) is None
    (told,) = sink.had
    face, origin = named is None or "FaceImage" in named, named is None or "OriginImage" in named
    if kept == WHOLE:
        assert (told.picture, told.origin) == (WHOLE if origin else None, None)
    else:
        there = WHOLE if WHOLE in kept else None
        assert (told.picture, told.origin) == (FACE if face else None, there if origin else None)
    assert bool(read) is (face or origin), "what nobody wants is not read"


@pytest.mark.parametrize("named", NAMES)
async def test_the_summary_of_a_run_names_the_pictures_that_lie_there(named: tuple[str, ...] | None) -> None:
    """Of the pictures themselves it reads none: type and message of the event say which there are."""
    name = "t1/20260504/E-1"
    both, alone, plain = (
        Told(n, EventId("E-1"), TASK, n, kind, NOON, {"data": data}, pictured=True)
        for n, (kind, data) in enumerate(
            [(65536, {"face_id": "F", "origin_image_path": f"{name}.origin.jpg"}), (65536, {}), (196609, {})], 1
        )
    )

    async def pages(_task: TaskId, _run: RunId, after: int) -> Sequence[Told]:
        return [] if after else [both, alone, plain]

    target = ObsOutput("results", "gate", named)
    message = {"path": "a.mp4", "summary": {"run_id": RUN}}
    one = Delivery(EventId("R"), TASK, 1, message, None, target, event_type=RESULT, project_id=ProjectId("p"))
    with await ResultFiles(pages, {65536: "face", 196609: "intrusion"}, [65536]).make(one, target) as body:
        body.seek(0)
        entries = json.loads(body.read())["results"]
    face, origin = named is None or "FaceImage" in named, named is None or "OriginImage" in named
    cut = {"picture": f"gate/{name}.jpg"} if face else {}
    beside = {"origin_picture": f"gate/{name}.origin.jpg"} if origin else {}
    whole = {"picture": f"gate/{name}.jpg"} if origin else {}
    shown = [{key: entry[key] for key in ("picture", "origin_picture") if key in entry} for entry in entries]
    assert shown == [cut | beside, cut, whole]
