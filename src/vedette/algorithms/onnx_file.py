"""What stands in an ONNX file, read without any engine: a file is looked through before one is let at it.

The numbers of the fields are those of `onnx.proto3`; the encoding is that of Protocol Buffers.
"""

import os
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

from vedette.model.errors import ModelError

DEEPEST = 32
"""How deep graphs may stand in one another."""

_MODEL, _GRAPH, _NODE, _ATTRIBUTE, _TENSOR, _SPARSE, _FUNCTION = range(7)
_INSIDE = {
    _MODEL: {7: _GRAPH, 25: _FUNCTION},
    _GRAPH: {1: _NODE, 5: _TENSOR, 15: _SPARSE},
    _NODE: {5: _ATTRIBUTE},
    _ATTRIBUTE: {5: _TENSOR, 6: _GRAPH, 10: _TENSOR, 11: _GRAPH, 22: _SPARSE, 23: _SPARSE},
    _SPARSE: {1: _TENSOR, 2: _TENSOR},
    _FUNCTION: {7: _NODE, 11: _ATTRIBUTE},
    _TENSOR: {},
}
"""Which fields of a message are messages that are looked into."""
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


class _NotONNXError(Exception):
    """The bytes are no ONNX model; says why."""


def look_through(path: Path, name: str) -> None:
    """Look whether a file is an ONNX model that stands for itself.

    Raises:
        ModelError: it is something else, is cut off, or wants numbers from other files.
    """
    try:
        with path.open("rb") as file, _mapped(file) as whole, memoryview(whole) as view:
            _look(view)
    except _NotONNXError as error:
        raise ModelError(f"The file of model {name} is no ONNX model: {error}.") from error
    except OSError as error:
        raise ModelError(f"The file of model {name} cannot be read: {error.strerror}.") from error


def _mapped(file: BinaryIO) -> mmap:
    if os.fstat(file.fileno()).st_size == 0:
        raise _NotONNXError("it is empty")
    return mmap(file.fileno(), 0, access=ACCESS_READ)


def _look(view: memoryview) -> None:
    top = {field for field, _, _, _ in _fields(view, 0, len(view))}
    if not {1, 7} <= top:
        raise _NotONNXError("it has no version or no graph")
    waiting = [(_MODEL, 0, len(view), 0)]
    while waiting:
        kind, begin, end, depth = waiting.pop()
        if depth > 3 * DEEPEST:
            raise _NotONNXError(f"graphs stand more than {DEEPEST} deep in one another")
        for field, wire, low, high in _fields(view, begin, end):
            if kind == _TENSOR and (field == _EXTERNAL_DATA or (field == _DATA_LOCATION and low == 1)):
                raise _NotONNXError("it wants numbers from another file, and a model must be one file")
            inside = _INSIDE[kind].get(field)
            if inside is not None and wire == _BYTES:
                waiting.append((inside, low, high, depth + 1))


def _fields(view: memoryview, begin: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield number and wire type of each field, and where its bytes begin and end, or its value twice."""
    at = begin
    while at < end:
        key, at = _varint(view, at, end)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(view, at, end)
            yield field, wire, value, value
            continue
        if wire == _BYTES:
            length, at = _varint(view, at, end)
        elif wire in {_EIGHT, _FOUR}:
            length = 8 if wire == _EIGHT else 4
        else:
            raise _NotONNXError("its bytes are not those of one")
        if at + length > end:
            raise _NotONNXError("it is cut off")
        yield field, wire, at, at + length
        at += length


def _varint(view: memoryview, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= end:
            raise _NotONNXError("it is cut off")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise _NotONNXError("its bytes are not those of one")
