"""Playlists: a recording is a file, a live one a camera, and both are found out at the first connection."""

import os
import signal
import threading
from pathlib import Path

import av
import pytest

from e2e.conftest import LINE
from e2e.service import Service, gist, until
from neighbours.hls import Folder, serving, write


@pytest.fixture
def recording(clip: tuple[str, int], tmp_path: Path) -> Path:
    """The clip, cut into segments by FFmpeg."""
    options = {"hls_time": "6", "hls_list_size": "0", "hls_segment_filename": str(tmp_path / "part%03d.ts")}
    with (
        av.open(clip[0].removeprefix("file://")) as source,
        av.open(str(tmp_path / "index.m3u8"), "w", format="hls", options=options) as out,
    ):
        stream = source.streams.video[0]
        target = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = target
                out.mux(packet)
    return tmp_path


def test_a_recording_succeeds_with_all_its_events_though_its_worker_is_killed(
    service: Service, clip: tuple[str, int], recording: Path
) -> None:
    """The same pictures and events as of the file it was cut from."""
    whole = service.create("file", clip[0], target_roi=LINE)
    service.wait_for(whole, "SUCCEEDED", seconds=90)
    with serving(Folder(recording)) as url:
        task = service.create("recording", f"{url}/index.m3u8?session=1", target_roi=LINE)
        until(lambda: service.progress(task)["frames"] > 500 and service.progress(task)["events"] > 3, 60, "the run")
        for pid in service.living_workers():  # one of them has it
            os.kill(pid, signal.SIGKILL)
        service.wait_for(task, "SUCCEEDED", seconds=90)
    assert "RECOVERING" in service.path(task)
    assert gist(service.events(task)) == gist(service.events(whole))
    assert service.progress(task)["frames"] == service.progress(whole)["frames"]


def test_a_recording_that_lacks_a_segment_fails_and_says_so(service: Service, recording: Path) -> None:
    (recording / "part003.ts").unlink()
    with serving(Folder(recording)) as url:
        task = service.create("gap", f"{url}/index.m3u8", target_roi=LINE)
        service.wait_for(task, "FAILED", seconds=60)
    assert "segment 3 is missing" in service.task(task)["error"]["message"]


def test_a_live_playlist_runs_and_an_event_that_ends_succeeds(service: Service, tmp_path: Path) -> None:
    """RUNNING while it lasts; its EXT-X-ENDLIST is its end."""
    over = threading.Event()
    window = {"hls_list_size": "4", "hls_flags": "delete_segments"}
    arguments = {"frames": 4000, "live": over, "size": (320, 192)} | window
    muxer = threading.Thread(target=write, args=(tmp_path,), kwargs=arguments, daemon=True)
    muxer.start()
    try:
        listed = tmp_path / "index.m3u8"
        until(lambda: listed.exists() and "#EXTINF" in listed.read_text(), 10, "a segment")
        with serving(Folder(tmp_path)) as url:
            task = service.create("live", f"{url}/index.m3u8", target_roi=LINE)
            service.wait_for(task, "RUNNING")
            before = service.progress(task)["frames"]
            until(lambda: service.progress(task)["frames"] > before + 20, 20, "further pictures")
            assert service.state(task) == "RUNNING"
            over.set()
            service.wait_for(task, "SUCCEEDED", seconds=20)
    finally:
        over.set()
        muxer.join(10)
