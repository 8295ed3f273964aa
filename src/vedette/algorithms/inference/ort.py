"""Models run by ONNX Runtime."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoModel,
    NoSuchFile,
    NotImplemented,  # noqa: A004  ONNX Runtime's own name for it
    RuntimeException,
)

from vedette.algorithms.inference.face import CPU, reason
from vedette.algorithms.inference.fitting import Port, Ports, fit
from vedette.algorithms.layouts.parts import Outputs
from vedette.algorithms.manifests import ModelManifest
from vedette.model.errors import ModelError

_ERRORS = (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoModel,
    NoSuchFile,
    NotImplemented,
    RuntimeException,
    ValueError,
    RuntimeError,
    MemoryError,
)
_ELEMENTS = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}
"""The others are called as NumPy calls them."""


def open_file(path: Path, name: str, providers: Sequence[str] = CPU) -> Any:
    """Return ONNX Runtime's own session of a file.

    Raises:
        ModelError: the file is no model, or there is no such provider.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # streams are the threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    unknown = sorted(set(providers) - set(ort.get_available_providers()))
    if unknown:
        raise ModelError(f"This ONNX Runtime has no {', '.join(unknown)}.")
    try:
        return ort.InferenceSession(str(path), options, providers=list(providers))
    except _ERRORS as error:
        raise ModelError(f"The file of model {name} cannot be loaded: {reason(error)}.") from error


def inputs_of(session: Any) -> list[Port]:
    """Return the inputs of ONNX Runtime's session."""
    return [
        Port(
            each.name,
            tuple(size if isinstance(size, int) and size > 0 else None for size in each.shape),
            _ELEMENTS.get(each.type, each.type.removeprefix("tensor(").removesuffix(")")),
        )
        for each in session.get_inputs()
    ]


class OrtSession:
    """A model in ONNX Runtime; safe to use from many threads at once.

    Args:
        path: the model file.
        manifest: its description.
        providers: execution providers of ONNX Runtime, best first.

    Raises:
        ModelError: the file is no model, or not the one described.
    """

    def __init__(self, path: Path, manifest: ModelManifest, providers: Sequence[str] = CPU) -> None:
        self._session = open_file(path, manifest.name, providers)
        names = [output.name for output in self._session.get_outputs()]
        self._ports: Ports = fit(manifest, inputs_of(self._session), names)
        self.manifest = manifest
        self.element: np.dtype[Any] = np.dtype(self._ports.picture.element)
        self.many = self._ports.many

    def __call__(self, pixels: NDArray[Any]) -> Outputs:
        """Return the outputs by name.

        Raises:
            ModelError: the engine failed.
        """
        fed = {self._ports.picture.name: pixels}
        if self.manifest.input.sizes:
            fed[self.manifest.input.sizes] = sizes_of(pixels, self.manifest)
        try:
            told = self._session.run(self._ports.outputs, fed)
        except _ERRORS as error:
            raise ModelError(f"The model {self.manifest.name} failed: {reason(error)}.") from error
        return dict(zip(self._ports.outputs, (np.asarray(output) for output in told), strict=True))


def sizes_of(pixels: NDArray[Any], manifest: ModelManifest) -> NDArray[np.int64]:
    """Return the (n, 2) heights and widths of pictures."""
    first = 2 if manifest.input.order == "nchw" else 1
    return np.tile(np.array(pixels.shape[first : first + 2], np.int64), (len(pixels), 1))


def described(path: Path, name: str) -> dict[str, list[Any]]:
    """Return name, dimensions and type of the inputs and outputs of a file.

    Raises:
        ModelError: it is no model.
    """
    session = open_file(path, name)
    return {
        kind: [[each.name, list(each.shape), each.type] for each in values]
        for kind, values in (("inputs", session.get_inputs()), ("outputs", session.get_outputs()))
    }
