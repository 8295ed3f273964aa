"""Models run by OpenVINO, where it is installed (the extra `openvino`)."""

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino.frontend import (
    FrontEndManager,
    GeneralFailure,
    InitializationFailure,
    NotImplementedFailure,
    OpConversionFailure,
    OpValidationFailure,
)

from vedette.algorithms.inference.face import Arithmetic, reason
from vedette.algorithms.inference.fitting import Port, Ports, fit
from vedette.algorithms.inference.ort import sizes_of
from vedette.algorithms.inputs import Order
from vedette.algorithms.layouts.parts import Outputs
from vedette.algorithms.manifests import ModelManifest
from vedette.model.errors import ModelError

_ERRORS = (
    GeneralFailure,
    InitializationFailure,
    NotImplementedFailure,
    OpConversionFailure,
    OpValidationFailure,
    RuntimeError,
    ValueError,
    TypeError,
    MemoryError,
)
_ELEMENTS = {"f32": "float32", "f16": "float16", "u8": "uint8", "f64": "float64", "i64": "int64", "i32": "int32"}


class VinoSession:
    """A model in OpenVINO; safe to use from many threads at once, each with a request of its own.

    Args:
        path: the model file.
        manifest: its description.
        arithmetic: of float models.

    Raises:
        ModelError: the file is no model, or not the one described.
    """

    def __init__(self, path: Path, manifest: ModelManifest, arithmetic: Arithmetic = Arithmetic.FP32) -> None:
        try:
            core = openvino.Core()
            reader = FrontEndManager().load_by_framework("onnx")  # others would have a try at the file too
            model = reader.convert(reader.load(str(path)))
            names = [output.get_any_name() for output in model.outputs]
            self._ports: Ports = fit(manifest, [_port(each) for each in model.inputs], names)
            _settle_size(model, self._ports, manifest)
            self._model = core.compile_model(model, "CPU", _settings(arithmetic))
        except _ERRORS as error:
            raise ModelError(f"OpenVINO cannot load the file of model {manifest.name}: {reason(error)}.") from error
        self.manifest = manifest
        self.element: np.dtype[Any] = np.dtype(self._ports.picture.element)
        self.many = self._ports.many
        self._own = threading.local()

    def __call__(self, pixels: NDArray[Any]) -> Outputs:
        """Return the outputs by name.

        Raises:
            ModelError: the engine failed.
        """
        fed = {self._ports.picture.name: pixels}
        if self.manifest.input.sizes:
            fed[self.manifest.input.sizes] = sizes_of(pixels, self.manifest)
        try:
            request = getattr(self._own, "request", None)
            if request is None:
                request = self._own.request = self._model.create_infer_request()
            told = request.infer(fed, share_inputs=True)
            return {name: np.array(told[name]) for name in self._ports.outputs}
        except _ERRORS as error:
            raise ModelError(f"The model {self.manifest.name} failed: {reason(error)}.") from error


def _settings(arithmetic: Arithmetic) -> dict[str, str]:
    """One thread for each request, as many at once as there are processors: streams are the threads."""
    at_once = str(os.cpu_count() or 1)
    return {
        "INFERENCE_NUM_THREADS": at_once,
        "NUM_STREAMS": at_once,
        "ENABLE_CPU_PINNING": "NO",
        "INFERENCE_PRECISION_HINT": {Arithmetic.FP32: "f32", Arithmetic.BF16: "bf16"}[arithmetic],
    }


def _port(each: Any) -> Port:
    shape = tuple(None if size.is_dynamic else int(size.get_length()) for size in each.get_partial_shape())
    told = each.get_element_type().get_type_name()
    return Port(each.get_any_name(), shape, _ELEMENTS.get(told, told))


def _settle_size(model: Any, ports: Ports, manifest: ModelManifest) -> None:
    """Tell the size of the input where the manifest fixes it: plans for one size are better ones."""
    given, shape = manifest.input, list(ports.picture.shape)
    if given.multiple or given.sizes or None not in shape[1:]:
        return
    size = [given.height, given.width]
    shape[1:] = [given.colour.planes, *size] if given.order is Order.NCHW else [*size, given.colour.planes]
    model.reshape({ports.picture.name: openvino.PartialShape([-1 if each is None else each for each in shape])})
