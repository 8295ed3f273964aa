import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.algorithms.state import pack, unpack


def test_arrays_and_plain_values_come_back_exactly() -> None:
    """What follows a crash must be what would have followed without it, to the last bit."""
    state = {
        "none": None,
        "yes": True,
        "n": 2**60,
        "x": 0.1 + 0.2,
        "t": "ä",
        "b": b"\x00\xff",
        "list": [1, [2.5, {"deep": "x"}]],
        "f32": np.array([[1.5, np.inf], [-0.0, 1e-30]], np.float32),
        "i64": np.arange(6).reshape(2, 3)[:, ::2],
        "mask": np.array([True, False]),
        "empty": np.zeros((0, 4)),
        "big-endian": np.array([1, 2], ">i4"),
    }
    back = unpack(pack(state, 3), 3)
    assert back is not None
    assert back.keys() == state.keys()
    for key, value in state.items():
        if isinstance(value, np.ndarray):
            assert back[key].dtype == value.dtype
            assert back[key].shape == value.shape
            assert back[key].tobytes() == np.ascontiguousarray(value).tobytes()
            assert back[key].flags.writeable
        else:
            assert back[key] == value


def test_another_version_is_refused() -> None:
    assert unpack(pack({"a": 1}, 1), 2) is None


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    """A checkpoint comes back from a database, and may be cut short or come from elsewhere."""
    assert unpack(data, 1) is None


def test_a_truncated_state_is_refused() -> None:
    whole = pack({"a": np.arange(10)}, 1)
    assert all(unpack(whole[:length], 1) is None for length in range(len(whole)))


@pytest.mark.parametrize(
    "content", [["|O8", [1], b"\0" * 8], ["<f8", [3], b"\0" * 8], ["<f8", [-1], b"\0" * 8], ["zz", [1], b""], [1]]
)
def test_an_array_that_lies_about_itself_is_refused(content: list) -> None:
    """Object arrays would hold pointers, and wrong shapes foreign memory."""
    extension = msgspec.msgpack.Ext(1, msgspec.msgpack.encode(content))
    assert unpack(msgspec.msgpack.encode(["vedette", 1, {"a": extension}]), 1) is None


@pytest.mark.parametrize("value", [object(), {1, 2j}, np.array(["x"]), np.array([object()])])
def test_what_is_not_plain_is_refused_when_packed(value: object) -> None:
    with pytest.raises(TypeError):
        pack({"a": value}, 1)
