"""ONNX files of a few hundred bytes, good and bad, made with the package onnx."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vedette.algorithms.manifests import ModelManifest, parse
from vedette.algorithms.models import ModelStore

F32 = TensorProto.FLOAT


def file(
    nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], weights: Sequence[Any] = (), check: bool = True
) -> bytes:
    graph = helper.make_graph(list(nodes), "small", list(inputs), list(outputs), list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if check:
        onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def value(name: str, *shape: int | str | None, kind: int = F32) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


def constant(name: str, array: np.ndarray) -> Any:
    return numpy_helper.from_array(array, name)


def colours(batch: int | str = "n", element: int = F32) -> bytes:
    """The mean of each plane, as scores of three classes."""
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["p"]), helper.make_node("Flatten", ["p"], ["scores"])]
    return file(nodes, [value("x", batch, 3, 8, 8, kind=element)], [value("scores", batch, 3, kind=element)])


def bright(size: int = 32) -> bytes:
    """One row: a box in the middle of the input, as sure as the picture is bright."""
    weights = [constant("zero", np.zeros((1, 6), np.float32)), constant("row", np.array([[8, 8, 24, 24]], np.float32))]
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["mean", "one"], ["score"]),
        helper.make_node("Concat", ["row", "score", "class"], ["found"], axis=1),
    ]
    weights += [constant("one", np.array([1, 1], np.int64)), constant("class", np.zeros((1, 1), np.float32))]
    return file(nodes, [value("x", 1, 3, size, size)], [value("found", 1, 6)], weights[1:])


def endless() -> bytes:
    """Counts to 9 x 10^18."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["goes"]),
            helper.make_node("Add", ["sum", "sum"], ["doubled"]),
        ],
        "body",
        [value("turn", kind=TensorProto.INT64), value("going", kind=TensorProto.BOOL), value("sum", 1, 6)],
        [value("goes", kind=TensorProto.BOOL), value("doubled", 1, 6)],
    )
    weights = [
        constant("most", np.array(2**63 - 1)),
        constant("yes", np.array(True)),
        constant("axes", np.array([2, 3])),
    ]
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["p"]),
        helper.make_node("Flatten", ["p"], ["three"]),
        helper.make_node("Concat", ["three", "three"], ["begin"], axis=1),
        helper.make_node("Loop", ["most", "yes", "begin"], ["found"], body=body),
    ]
    return file(nodes, [value("x", 1, 3, 32, 32)], [value("found", 1, 6)], weights[:2])


def giant() -> bytes:
    """Wants four terabytes."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
        helper.make_node("Expand", ["mean", "shape"], ["found"]),
    ]
    weights = [constant("shape", np.array([2**20, 2**20], np.int64))]
    return file(nodes, [value("x", 1, 3, 32, 32)], [value("found", 2**20, 2**20)], weights)


def from_elsewhere(place: str) -> bytes:
    """Its row stands in another file."""
    row = constant("row", np.zeros((1, 6), np.float32))
    onnx.external_data_helper.set_external_data(row, location=place, offset=0, length=24)
    row.ClearField("raw_data")
    row.data_location = TensorProto.EXTERNAL
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
        helper.make_node("Add", ["mean", "row"], ["found"]),
    ]
    return file(nodes, [value("x", 1, 3, 32, 32)], [value("found", 1, 6)], [row], check=False)


def nested(depth: int) -> bytes:
    """A version, and graphs in attributes of nodes of graphs; no library writes so many."""

    def message(field: int, inside: bytes) -> bytes:
        length, digits = len(inside), b""
        while length > 0x7F:
            digits += bytes([length & 0x7F | 0x80])
            length >>= 7
        return bytes([field << 3 | 2]) + digits + bytes([length]) + inside

    graph = b""
    for _ in range(depth):
        graph = message(1, message(5, message(6, graph)))
    return b"\x08\x07" + message(7, graph)


ROWS = '[input]\nwidth = 32\nheight = 32\nscale = 0.00392156862745098\n[output]\nlayout = "end-to-end"\nthreshold = 0.5\nlabels = ["thing"]\n'
COLOURS = (
    '[input]\nwidth = 8\nheight = 8\nscale = 0.00392156862745098\nfit = "stretch"\n'
    '[output]\nlayout = "classes"\nactivation = "none"\nlabels = ["blue", "green", "red"]\n'
)


def described(content: bytes, name: str, tables: str = ROWS, role: str = "") -> str:
    """Return the text of a manifest."""
    return (
        f'name = "{name}"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\nsize = {len(content)}\n'
        f'licence = "MIT"\nroles = ["{role or name}"]\n{tables}'
    )


def install(folder: Path, content: bytes, name: str, tables: str = ROWS, role: str = "") -> ModelStore:
    """Put a model into a store, whatever it is."""
    folder.mkdir(parents=True, exist_ok=True)
    given = folder / "given.bin", folder / "given.toml.text"
    given[0].write_bytes(content)
    given[1].write_text(described(content, name, tables, role))
    store = ModelStore(folder / "store")
    store.add(*given)
    return store


def manifest(content: bytes, name: str, tables: str = ROWS) -> ModelManifest:
    return parse(described(content, name, tables), "text")
