"""Pictures that are read together."""

import pytest

from vedette.delivery import pictures
from vedette.delivery.pictures import Pictures
from vedette.model.errors import NotFound


class Disk:
    """Has pictures, and knows which were read."""

    def __init__(self, **files: bytes) -> None:
        self.files, self.read = files, list[str]()

    def get(self, key: str) -> bytes:
        self.read.append(key)
        try:
            return self.files[key]
        except KeyError:
            raise NotFound("gone") from None


async def test_those_that_follow_are_read_with_the_first() -> None:
    """One hop to a thread serves a queue, and each is read once."""
    disk = Disk(a=b"A", b=b"B", c=b"C")
    some = Pictures(disk.get)
    assert [await some.take("a", ["b", "c"]), await some.take("b", ["c"]), await some.take("c")] == [b"A", b"B", b"C"]
    assert disk.read == ["a", "b", "c"]


async def test_what_was_given_is_not_kept() -> None:
    """Memory is for what is to come."""
    disk = Disk(a=b"A", b=b"B")
    some = Pictures(disk.get)
    await some.take("a", ["b"])
    await some.take("b")
    await some.take("b")
    assert disk.read == ["a", "b", "b"]


async def test_one_that_is_gone_is_told_in_its_own_turn() -> None:
    """The event before it has its picture."""
    disk = Disk(a=b"A", c=b"C")
    some = Pictures(disk.get)
    assert await some.take("a", ["b", "c"]) == b"A"
    with pytest.raises(NotFound):
        await some.take("b", ["c"])
    assert await some.take("c") == b"C"


async def test_large_ones_are_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading ahead is bounded by bytes, not by their number alone."""
    monkeypatch.setattr(pictures, "AHEAD_BYTES", 10)
    disk = Disk(a=b"A" * 10, b=b"B")
    await Pictures(disk.get).take("a", ["b"])
    assert disk.read == ["a"]


async def test_what_is_kept_for_queues_that_never_ask_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A destination went away after its pictures had been read."""
    monkeypatch.setattr(pictures, "KEPT_BYTES", 3)
    disk = Disk(**{name: name.encode() for name in "abcdef"})
    some = Pictures(disk.get)
    await some.take("a", ["b", "c"])
    await some.take("d", ["e", "f"])
    disk.read.clear()
    for name in "bcef":
        await some.take(name)
    assert disk.read == ["b"], "the oldest went"
