"""Files behind ftp, from a real server: resumed where they broke, and from servers that lack what FTP may lack."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from absence import missing
from conftest import LOOPBACK, QUICK, MakeClip, Read, trace  # the nearest one
from neighbours.ftp import Faults, FtpServer, absent
from vedette.media.picture import Resume
from vedette.media.reader import Reader
from vedette.media.reconnect import Feed
from vedette.model.errors import SourceError, SourceInvalid, SourceLost, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def _neighbour() -> None:
    if reason := absent():
        missing(reason)


def _count(reader: Reader) -> int:
    with reader:
        return len(trace(reader.pictures()))


@pytest.mark.parametrize("login", ["", "user:pass%20word@", "anonymous@"])
def test_a_file_is_read_by_who_may(make_clip: MakeClip, read: Read, tmp_path: Path, login: str) -> None:
    """With its index at the end: the reader moves about in it."""
    make_clip("some clip.mp4", codec="mjpeg", pix_fmt="yuvj420p", size=(1280, 720), g=None, bf=None)
    with FtpServer(tmp_path) as server:
        assert _count(read(server.url("some%20clip.mp4", login=login))) == 75
    assert any(line.startswith("REST ") for line in server.commands)


@pytest.mark.parametrize("faults", [Faults(size=False), Faults(restart=False), Faults(size=False, restart=False)])
@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts"])
def test_a_server_may_know_neither_sizes_nor_restarts(
    make_clip: MakeClip, read: Read, tmp_path: Path, faults: Faults, name: str
) -> None:
    """Both came to FTP late. What can be read from front to back is read."""
    make_clip(name, container={"movflags": "faststart"} if name.endswith("mp4") else None)
    with FtpServer(tmp_path, faults) as server:
        assert _count(read(server.url(name))) == 75


def test_an_index_at_the_end_without_restarts_is_fetched_again(make_clip: MakeClip, read: Read, tmp_path: Path) -> None:
    """As over HTTP without ranges."""
    make_clip("clip.mp4", codec="mjpeg", pix_fmt="yuvj420p", size=(1280, 720), g=None, bf=None)
    with FtpServer(tmp_path, Faults(restart=False)) as server:
        assert _count(read(server.url("clip.mp4"))) == 75


@pytest.mark.parametrize("size", [True, False])
@pytest.mark.parametrize("restart", [True, False])
def test_a_transfer_that_breaks_is_taken_up_where_it_broke(
    make_clip: MakeClip, read: Read, tmp_path: Path, size: bool, restart: bool
) -> None:
    """The end of the data is not the end of the file unless the server says so."""
    path = make_clip(container={"movflags": "faststart"}, crf="1")
    cut = path.stat().st_size // 2
    with FtpServer(tmp_path, Faults(size=size, restart=restart, break_after=cut, breaks=2)) as server:
        assert _count(read(server.url("clip.mp4"))) == 75
    assert server.faults.breaks <= 1
    assert (sum(line.startswith("REST ") for line in server.commands) > 0) or not restart


def test_a_transfer_that_always_breaks_is_lost_not_finished(make_clip: MakeClip, read: Read, tmp_path: Path) -> None:
    """FFmpeg would take it for the end of the file."""
    path = make_clip(container={"movflags": "faststart"}, crf="1")
    faults = Faults(restart=False, break_after=path.stat().st_size // 2, breaks=1000)
    with FtpServer(tmp_path, faults) as server, pytest.raises(SourceError) as caught:
        _count(read(server.url("clip.mp4")))
    assert isinstance(caught.value, (SourceLost, SourceUnreachable, SourceInvalid))


@pytest.mark.parametrize("restart", [True, False])
def test_a_server_that_stops_sending_is_left_and_asked_again(
    make_clip: MakeClip, read: Read, tmp_path: Path, restart: bool
) -> None:
    """Connected, and silent: a new connection goes on behind what came, if the server can."""
    path = make_clip(container={"movflags": "faststart"}, crf="1")
    faults = Faults(restart=restart, stall_after=path.stat().st_size * 2 // 3)
    with FtpServer(tmp_path, faults) as server:
        if restart:
            assert _count(read(server.url("clip.mp4"))) == 75
            return
        with pytest.raises((SourceLost, SourceUnreachable)):
            _count(read(server.url("clip.mp4")))


@pytest.mark.parametrize(
    ("path", "login", "said"),
    [("clip.mp4", f"user:{SECRET}@", "530"), ("none.mp4", "", "550"), ("", "", "no file"), ("folder", "", "550"), ("a%0D%0ADELE%20x", "", "cannot be sent"), ("clip.mp4", "u%0D%0ASITE:x@", "cannot be sent")],
)  # fmt: skip
def test_what_a_server_refuses_is_told_and_no_password_with_it(
    make_clip: MakeClip, read: Read, tmp_path: Path, path: str, login: str, said: str
) -> None:
    """A wrong login, a missing file, a folder; and line ends, which would be commands."""
    make_clip()
    (tmp_path / "folder").mkdir()
    with FtpServer(tmp_path) as server, pytest.raises(SourceRefused, match=said) as caught:
        read(server.url(path, login=login))
    assert SECRET not in str(caught.value)
    assert not any("DELE" in line or "SITE" in line for line in server.commands)


def test_the_data_come_from_the_judged_host_whatever_the_server_names(
    make_clip: MakeClip, read: Read, tmp_path: Path
) -> None:
    """An answer to PASV may name any host of the network; only its port is believed."""
    make_clip()
    with FtpServer(tmp_path, Faults(masquerade="192.0.2.1")) as server:
        assert _count(read(server.url("clip.mp4"))) == 75


def test_a_forbidden_host_is_not_connected_to(tmp_path: Path) -> None:
    """The guard judges ftp as everything else."""
    with FtpServer(tmp_path) as server, pytest.raises(SourceRefused, match="VEDETTE_GUARD_ALLOW"):
        Reader(Address(server.url("clip.mp4"), Liveness.FILE), policy=GuardPolicy())
    assert server.commands == []


def test_a_file_over_ftp_goes_on_from_its_checkpoint(make_clip: MakeClip, tmp_path: Path) -> None:
    """By a seek, as with any other file."""
    make_clip()
    with FtpServer(tmp_path) as server:
        address = Address(server.url("clip.mp4"), Liveness.FILE)

        def feed(resume: Resume | None = None) -> Feed:
            return Feed(address, policy=LOOPBACK, file_roots=(), fps=100, limits=QUICK, resume=resume)

        first = feed()
        for frame in first.frames():
            if frame.position.index == 50:
                mark = first.seek_mark()
                break
        second = feed(Resume(frame.position, mark))
        assert [one.position.index for one in second.frames()] == list(range(51, 75))
        assert second.status().stats.decoded < 50


@contextmanager
def saying(*lines: bytes, pause_s: float = 0.0) -> Iterator[int]:
    """A port that says the lines to everybody, byte after byte if it is told to take its time."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peers = []
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    break
                peers.append(peer)
                try:
                    for sign in b"".join(lines) if pause_s else []:
                        peer.sendall(bytes([sign]))
                        if over.wait(pause_s):
                            break
                    if not pause_s:
                        peer.sendall(b"".join(lines))
                except OSError:
                    continue
            for peer in peers:
                peer.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()


@pytest.mark.parametrize(
    ("lines", "pause_s"),
    [
        ((), 0.0),
        ((b"\x00\xff nonsense\r\n" * 10,), 0.0),
        ((b"421 too many\r\n",), 0.0),
        ((b"220 " + b"x" * 5000,), 0.05),
    ],
)
def test_who_is_no_ftp_server_or_not_now_is_unreachable(read: Read, lines: tuple[bytes, ...], pause_s: float) -> None:
    """Silent, talking nonsense, full, or dripping a greeting: each is told in time, and may pass."""
    with saying(*lines, pause_s=pause_s) as port, pytest.raises(SourceUnreachable):
        read(f"ftp://127.0.0.1:{port}/clip.mp4")
