"""Pictures on a real disk."""

from pathlib import Path

import pytest

from vedette.model.errors import NotFound
from vedette.store.blobs import Blobs

NOON = 1_713_787_200.0  # 2024-04-22 12:00 UTC


def test_a_picture_comes_back_as_it_was_put(tmp_path: Path) -> None:
    """Under a key that names its hour and that nobody can guess."""
    blobs = Blobs(tmp_path / "blobs", lambda: NOON)
    one, two = blobs.put(b"jpeg-1"), blobs.put(b"jpeg-1")
    assert one != two
    assert one.startswith("2024042212/")
    assert blobs.get(one) == b"jpeg-1"
    assert (tmp_path / "blobs").stat().st_mode & 0o077 == 0


def test_a_deleted_picture_is_not_found_and_can_be_deleted_again(tmp_path: Path) -> None:
    """A janitor that was interrupted begins anew."""
    blobs = Blobs(tmp_path, lambda: NOON)
    key = blobs.put(b"x")
    blobs.delete(key)
    blobs.delete(key)
    with pytest.raises(NotFound):
        blobs.get(key)


@pytest.mark.parametrize(
    "key", ["../secret", "2024042212/../../secret", "/etc/passwd", "", "2024042212/" + "A" * 32, "a\0b"]
)
def test_what_is_no_key_reaches_no_file(tmp_path: Path, key: str) -> None:
    """Keys come from our own rows; should another ever come, it opens nothing."""
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    blobs = Blobs(tmp_path / "blobs", lambda: NOON)
    for call in (blobs.get, blobs.delete):
        with pytest.raises(NotFound):
            call(key)


def test_a_sweep_removes_what_no_row_names(tmp_path: Path) -> None:
    """Files of an ingest that never committed, and halves of a write that was cut off."""
    blobs = Blobs(tmp_path, lambda: NOON)
    wanted, orphan = blobs.put(b"wanted"), blobs.put(b"orphan")
    (tmp_path / "2024042212" / "half.part").write_bytes(b"ha")
    assert blobs.hours() == ["2024042212"]
    assert blobs.sweep("2024042212", {wanted}) == 2
    assert blobs.get(wanted) == b"wanted"
    with pytest.raises(NotFound):
        blobs.get(orphan)
    blobs.delete(wanted)
    assert blobs.sweep("2024042212", set()) == 0
    assert blobs.hours() == []


def test_a_full_disk_leaves_no_half_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write fails loudly, and the next one finds a clean folder."""
    blobs = Blobs(tmp_path, lambda: NOON)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vedette.store.blobs.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        blobs.put(b"x")
    assert list((tmp_path / "2024042212").iterdir()) == []
