"""The machine's clock is set while the service runs (Debian's faketime): what it says now is obeyed."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from absence import missing
from e2e.service import Service, free_port, running

LIBRARIES = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
MINUTE_S = 60
OBEYED_S = 10.0


@dataclass
class Machine:
    """A service, and how far its clock is ahead of ours."""

    service: Service
    lead: Path

    def set_clock(self, minutes: int) -> None:
        new = self.lead.with_suffix(".new")
        new.write_text(f"{minutes * MINUTE_S:+}\n")
        new.replace(self.lead)

    def task(self, name: str, begin: int, end: int) -> str:
        """Create a task that runs between two moments, minutes from now; its camera is away: it is ABNORMAL then."""
        hours = 12 - time.gmtime().tm_hour  # in a zone where it is about noon, so that no window ends at midnight
        now = time.time() + hours * 3600
        clocks = [time.strftime("%H:%M:%S", time.gmtime(now + minutes * MINUTE_S)) for minutes in (begin, end)]
        body = {
            "name": name,
            "schedule": {
                "type": "weekly",
                "timezone": f"{'-' if hours < 0 else '+'}{abs(hours):02}:00",
                "days_of_week": [time.gmtime(now).tm_wday + 1],
                "periods": [[{"begin_at": clocks[0], "end_at": clocks[1]}]],
            },
            "input": {"type": "url", "data": [{"url": f"rtsp://127.0.0.1:{free_port()}/live"}]},
            "output": {"event_center": True},
            "service_version": "3.0",
        }
        answer = self.service.call("POST", "/v2/{p}/services/c-intrusiondetection-cloud/tasks", body)
        return str(answer["tasks"][0]["id"])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    if not LIBRARIES:
        missing("Debian's faketime is not installed")
    lead = tmp_path / "lead"
    lead.write_text("+0\n")
    settings = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(lead),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # what cannot be set on a machine is not set here
        "DONT_FAKE_MONOTONIC": "1",
    }
    with ExitStack() as stack:
        with monkeypatch.context() as surroundings:
            for name, value in settings.items():
                surroundings.setenv(name, value)
            service = stack.enter_context(running(tmp_path / "service"))
        yield Machine(service, lead)


def test_what_the_clock_says_now_is_obeyed(machine: Machine) -> None:
    """An hour forward and back again: what is to run runs, what is to rest rests, and what goes on is not begun anew."""
    service = machine.service
    open_now, open_later, open_long = (
        machine.task("now", -5, 20),
        machine.task("later", 50, 70),
        machine.task("on", -5, 90),
    )
    service.wait_for(open_now, "ABNORMAL")
    service.wait_for(open_long, "ABNORMAL")
    service.wait_for(open_later, "STOPPED", seconds=OBEYED_S)
    for lead, runs, rests in ((60, open_later, open_now), (0, open_now, open_later)):
        machine.set_clock(lead)
        service.wait_for(rests, "STOPPED", seconds=OBEYED_S)
        service.wait_for(runs, "ABNORMAL", seconds=OBEYED_S)
    assert service.path(open_long) == ["PENDING", "STARTING", "ABNORMAL"]
    assert service.path(open_later).count("STARTING") == 1
