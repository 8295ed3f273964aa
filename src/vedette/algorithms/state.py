"""What an algorithm remembers, as bytes for a checkpoint: MessagePack, so that reading it can run nothing."""

import msgspec
import numpy as np

from vedette.algorithms.base import PlainState

_MARK = "vedette"
_ARRAY = 1
_KINDS = frozenset("biuf")


def pack(state: PlainState, version: int) -> bytes:
    """Return the state as bytes.

    Args:
        state: plain values and NumPy arrays of numbers.
        version: of the state's shape (`Manifest.state_version`).

    Raises:
        TypeError: there is something in it that is not plain.
    """
    return _ENCODER.encode([_MARK, version, state])


def unpack(data: bytes, version: int) -> PlainState | None:
    """Return the state that `pack` made, exactly, or None for another version or anything else."""
    try:
        document = _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, TypeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(document, list) or len(document) != 3 or document[:2] != [_MARK, version]:
        return None
    state = document[2]
    return state if isinstance(state, dict) else None


def _encode(value: object) -> object:
    if isinstance(value, np.ndarray) and value.dtype.kind in _KINDS:
        whole = np.ascontiguousarray(value)
        return msgspec.msgpack.Ext(
            _ARRAY, msgspec.msgpack.encode([whole.dtype.str, list(value.shape), whole.tobytes()])
        )
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not plain state")


def _decode(code: int, data: memoryview) -> object:
    if code != _ARRAY:
        raise ValueError(f"unknown extension {code}")
    kind, shape, content = msgspec.msgpack.decode(data, type=tuple[str, tuple[int, ...], bytes])
    dtype = np.dtype(kind)
    if dtype.kind not in _KINDS or any(length < 0 for length in shape):
        raise ValueError(f"an array of {kind} is refused")
    return np.frombuffer(content, dtype).reshape(shape).copy()


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encode)
_DECODER = msgspec.msgpack.Decoder(ext_hook=_decode)
