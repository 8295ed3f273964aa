"""Files under an allowed root that are no plain files, or do not stay as they are while they are read."""

import os
import socket
import threading
from pathlib import Path

import av
import pytest

from conftest import QUICK, MakeClip, Read  # the nearest one
from vedette.media.local import LocalFile
from vedette.media.reader import Reader
from vedette.model.errors import SourceInvalid, SourceRefused, SourceTruncated
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness


def _read(path: Path, root: Path) -> Reader:
    return Reader(Address(path.as_uri(), Liveness.FILE), policy=GuardPolicy(), file_roots=(root,), limits=QUICK)


@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "folder", "circle"])
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    """A pipe would be waited for, a device may have no end."""
    path = tmp_path / "clip.mp4"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path)
    with pytest.raises(SourceRefused):
        _read(path, tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_takes_the_place_of_a_file_that_was_judged_is_not_opened(tmp_path: Path, kind: str) -> None:
    """Between the look and the opening there is time for a trick."""
    path = tmp_path / "clip.mp4"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "clip.mp4").write_bytes(b"x")
        (tmp_path / "shared").symlink_to(tmp_path / "elsewhere")
        path = tmp_path / "shared" / "clip.mp4"
    else:
        (tmp_path / "secret").write_bytes(b"x")
        path.symlink_to(tmp_path / "secret")
    with pytest.raises(SourceRefused):
        LocalFile(path)


def test_a_link_within_the_root_is_followed(make_clip: MakeClip, tmp_path: Path) -> None:
    """It is where a link leads that counts."""
    root = tmp_path / "open"
    root.mkdir()
    make_clip().rename(root / "real.mp4")
    (root / "name.mp4").symlink_to(root / "real.mp4")
    with _read(root / "name.mp4", root) as reader:
        assert sum(1 for _ in reader.pictures()) == 75


def test_a_folder_that_leads_out_by_a_link_is_not_entered(make_clip: MakeClip, tmp_path: Path) -> None:
    """The last step may be innocent, and the one before it not."""
    root, outside = tmp_path / "open", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    make_clip().rename(outside / "clip.mp4")
    (root / "folder").symlink_to(outside)
    with pytest.raises(SourceRefused, match="outside"):
        _read(root / "folder" / "clip.mp4", root)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.avi"])
def test_a_file_that_is_cut_while_it_is_read_is_not_called_a_success(
    make_clip: MakeClip, read: Read, name: str
) -> None:
    """Somebody writes it anew: the pictures until there, then the reason."""
    shape = {"codec": "mjpeg", "pix_fmt": "yuvj420p", "size": (1280, 720), "g": None, "bf": None}
    path = make_clip(name, frames=75, container={"movflags": "faststart"} if name == "clip.mp4" else None, **shape)
    assert path.stat().st_size > 1 << 20
    with read(path) as reader:
        pictures = reader.pictures()
        seen = [next(pictures).frame.position.index for _ in range(5)]
        os.truncate(path, path.stat().st_size * 2 // 3)
        rest: list[int] = []
        with pytest.raises(SourceTruncated, match="shorter"):
            rest.extend(picture.frame.position.index for picture in pictures)
    assert seen + rest == list(range(len(seen) + len(rest)))
    assert len(seen) + len(rest) < 75


def test_a_file_that_grows_is_read_as_far_as_it_has_come(make_clip: MakeClip, read: Read) -> None:
    """A recording in progress: its end is where it is when the reader comes there."""
    path = make_clip("clip.ts", codec="mpeg2video", preset=None, size=(640, 480), bf=None, g="1", qmax="2")
    body = path.read_bytes()
    half = len(body) // 2 // 188 * 188
    path.write_bytes(body[:half])
    seen = 0
    with read(path) as reader:
        for _ in reader.pictures():
            seen += 1
            if seen == 3:
                with path.open("ab") as out:
                    out.write(body[half:])
    assert seen == 75


def test_an_empty_file_is_told_to_be_empty(read: Read, tmp_path: Path) -> None:
    """The most frequent of all broken uploads."""
    path = tmp_path / "clip.mp4"
    path.touch()
    with pytest.raises(SourceInvalid, match="is empty"):
        read(path)


def test_a_file_can_be_read_by_many_at_once(make_clip: MakeClip, read: Read) -> None:
    """Each has its own place in it."""
    path = make_clip()
    counts: list[int] = []

    def count() -> None:
        with read(path) as reader:
            counts.append(sum(1 for _ in reader.pictures()))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert counts == [75] * 4


def test_titles_in_other_encodings_are_no_fault(tmp_path: Path, read: Read) -> None:
    """Recorders write them in the encoding of their country, which no container tells."""
    path = tmp_path / "titled.mkv"
    with av.open(str(path), "w", metadata_encoding="gbk") as out:
        out.metadata["title"] = "北门"
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.metadata["title"] = "摄像头"
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame(160, 96, "yuv420p")))
        out.mux(stream.encode(None))
    with read(path) as reader:
        assert len(list(reader.pictures())) == 5
