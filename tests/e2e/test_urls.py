"""Addresses of every scheme, from real servers, as tasks: files end in success with every event, what is endless does not end."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from absence import missing
from e2e.conftest import LINE
from e2e.service import Service, gist, running, until
from neighbours import ftp, web
from neighbours.endless import Broadcast, broadcasting, pieces_of

Clip = tuple[str, int]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """A service that a test may break."""
    with running(tmp_path / "own") as it:
        yield it


def _path(clip: Clip) -> Path:
    return Path(clip[0].removeprefix("file://"))


def _end(service: Service, task: str) -> None:
    assert service.ask("DELETE", f"/v2/{{p}}/tasks/{task}") == (200, {})


def test_a_file_over_ftp_succeeds_with_all_its_events(service: Service, clip: Clip) -> None:
    """By a login whose password is nowhere to be seen."""
    if reason := ftp.absent():
        missing(reason)
    path = _path(clip)
    with ftp.FtpServer(path.parent) as server:
        task = service.create("ftp", server.url(path.name, login="user:pass%20word@"), target_roi=LINE)
        service.wait_for(task, "SUCCEEDED", seconds=90)
    assert len(service.events(task)) == clip[1]
    assert "pass%20word" not in service.log()
    _end(service, task)


def test_an_address_without_a_suffix_is_the_file_it_turns_out_to_be(own: Service, clip: Clip, tmp_path: Path) -> None:
    """And stays it when its worker is killed: the next one goes on, and every event is there once, at its media time."""
    if reason := web.absent():
        missing(reason)
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "recording").write_bytes(_path(clip).read_bytes())
    with web.WebServer(folder) as server:
        whole = own.create("whole", server.url("recording"), target_roi=LINE)
        own.wait_for(whole, "SUCCEEDED", seconds=90)
        undisturbed = gist(own.events(whole))
        assert len(undisturbed) == clip[1]
        task = own.create("killed", server.url("recording"), target_roi=LINE)
        until(lambda: own.progress(task)["frames"] > 500 and own.progress(task)["events"] > 3, 60, "the run")
        os.kill(own.living_workers()[0], signal.SIGKILL)
        own.wait_for(task, "SUCCEEDED", seconds=90)
    assert "RECOVERING" in own.path(task)
    assert gist(own.events(task)) == undisturbed


def test_an_endless_answer_is_a_camera_that_is_waited_for(service: Service, clip: Clip, tmp_path: Path) -> None:
    """HTTP-FLV that ends every few seconds: the task runs on, over every new connection."""
    path = tmp_path / "live.flv"
    with av.open(str(_path(clip))) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    told = Broadcast(pieces_of(path.read_bytes(), 40)[:20], "video/x-flv", pause_s=0.1, chunked=True)
    with broadcasting(told) as url:
        task = service.create("endless", url, target_roi=LINE)
        service.wait_for(task, "RUNNING", seconds=30)
        until(lambda: len(told.requests) >= 3, 30, "the third connection")
        service.wait_for(task, "RUNNING", seconds=30)
        assert not {"SUCCEEDED", "FAILED"} & set(service.path(task))
        assert service.ask("PUT", f"/v2/{{p}}/tasks/{task}/action/stop")[0] == 200
        service.wait_for(task, "STOPPED", seconds=10)
    _end(service, task)
