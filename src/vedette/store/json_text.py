"""A JSON object that is kept as the text it was stored as: most who hand it on never look into it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


class JsonText(Mapping[str, Any]):
    """Reads its text when somebody asks for something in it.

    Attributes:
        text: the object as JSON.
    """

    __slots__ = ("_read", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._read: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        return self._object()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._object())

    def __len__(self) -> int:
        return len(self._object())

    def _object(self) -> dict[str, Any]:
        if self._read is None:
            self._read = _read(self.text)
        return self._read


def _read(text: str) -> dict[str, Any]:
    read: dict[str, Any]
    try:
        read = msgspec.json.decode(text)
    except msgspec.DecodeError:  # NaN, which an algorithm may have told, is no JSON to all
        read = json.loads(text)
    return read
