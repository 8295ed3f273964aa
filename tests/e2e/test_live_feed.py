"""The live feed of a real service, and its end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import urllib3

from e2e.conftest import LINE
from e2e.service import PROJECT, TOKEN, running


def _lines(answer: Any) -> Iterator[str]:
    rest = ""
    for part in answer.stream(65536):
        *whole, rest = (rest + part.decode()).split("\n")
        yield from whole


def test_a_reader_sees_every_event_as_it_comes_and_the_service_ends_in_time(
    tmp_path: Path, clips: Path, clip: tuple[str, int]
) -> None:
    """A connection that stays open must not keep the service from ending, nor be cut in the middle of an event."""
    with running(tmp_path / "own", file_roots=str(clips)) as own:
        url = f"{own.url}/vedette/v1/{PROJECT}/events/stream"
        pool = urllib3.PoolManager(retries=False, timeout=60)
        with pool.request("GET", url, headers={"X-Auth-Token": TOKEN}, preload_content=False) as answer:
            assert answer.status == 200
            task = own.create("live", clip[0], target_roi=LINE)
            lines = _lines(answer)
            live: list[str] = []
            while len(live) < clip[1]:
                line = next(lines)
                if line.startswith("data: "):
                    live.append(json.loads(line.removeprefix("data: "))["id"])
            own.wait_for(task, "SUCCEEDED", seconds=90)
            assert live == [event["id"] for event in own.events(task)][::-1]
            assert own.stop() == 0
            assert [line for line in lines if line and not line.startswith(":")] == [], "it ends after a whole event"
