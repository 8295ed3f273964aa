"""Detectors run by ONNX Runtime. Imported by workers alone."""

import threading
from collections.abc import Sequence
from pathlib import Path

import cv2
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

from vedette.algorithms.base import PlainState
from vedette.algorithms.layouts import decode
from vedette.algorithms.layouts.parts import Outputs
from vedette.algorithms.manifests import Colour, Fit, ModelManifest
from vedette.algorithms.models import Installed, ModelStore
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.frame import Frame

_ENGINE_ERRORS = (
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
)
CPU = ("CPUExecutionProvider",)


class Session:
    """One loaded model; safe to use from many threads at once.

    Args:
        path: the model file.
        manifest: its description.
        providers: execution providers of ONNX Runtime, best first.

    Raises:
        ModelError: the file is no model, or not the one described.
    """

    def __init__(self, path: Path, manifest: ModelManifest, providers: Sequence[str] = CPU) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # streams are the threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        unknown = sorted(set(providers) - set(ort.get_available_providers()))
        if unknown:
            raise ModelError(f"This ONNX Runtime has no {', '.join(unknown)}.")
        try:
            self._session = ort.InferenceSession(str(path), options, providers=list(providers))
        except _ENGINE_ERRORS as error:
            raise ModelError(f"The file of model {manifest.name} cannot be loaded: {_first_line(error)}.") from error
        self.manifest = manifest
        self._input = manifest.input.name or self._session.get_inputs()[0].name
        there = [output.name for output in self._session.get_outputs()]
        missing = [name for name in manifest.output.outputs if name not in there]
        if missing:
            raise ModelError(f"The model {manifest.name} has no output {missing[0]}; it has: {', '.join(there)}.")
        self._outputs = list(manifest.output.outputs) or there

    def __call__(self, pixels: NDArray[np.float32]) -> Outputs:
        """Return the outputs by name for (1, 3, height, width) pixels, in the order that the manifest gives.

        Raises:
            ModelError: the engine failed.
        """
        try:
            told = self._session.run(self._outputs, {self._input: pixels})
        except _ENGINE_ERRORS as error:
            raise ModelError(f"The model {self.manifest.name} failed: {_first_line(error)}.") from error
        return dict(zip(self._outputs, told, strict=True))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200].rstrip(".") or type(error).__name__


class OnnxDetector:
    """A model behind the face of a detector; knows nothing of earlier pictures.

    Args:
        session: shared with other detectors.
    """

    knows_classes = True

    def __init__(self, session: Session) -> None:
        given = session.manifest.input
        self.name = session.manifest.name
        self.labels = session.manifest.output.labels
        self._output = session.manifest.output
        self._session = session
        self._canvas = np.full((given.height, given.width, 3), given.fill, np.uint8)
        self._pixels = np.empty((1, 3, given.height, given.width), np.float32)
        self._given = self._filled = (given.width, given.height)

    def __call__(self, frame: Frame) -> Detections:
        """Return what the model sees.

        Raises:
            ModelError: the engine failed, or the output has not the shape that the manifest says.
        """
        scale = self._lay(frame)
        try:
            return decode(self._session(self._pixels), self._output, self._given, scale, (frame.width, frame.height))
        except (ValueError, IndexError) as error:
            raise ModelError(f"The output of model {self.name} is not what its manifest says: {error}.") from error

    def _lay(self, frame: Frame) -> tuple[float, float]:
        """Write the picture into the model's input, and return input pixels per picture pixel."""
        given = self._session.manifest.input
        width, height = given.width, given.height
        if given.fit is Fit.TOP_LEFT:
            ratio = min(given.width / frame.width, given.height / frame.height)
            width, height = max(1, int(frame.width * ratio)), max(1, int(frame.height * ratio))
        if (width, height) != self._filled:
            self._canvas[:] = given.fill
            self._filled = (width, height)
        how = cv2.INTER_AREA if width * 2 < frame.width else cv2.INTER_LINEAR
        self._canvas[:height, :width] = cv2.resize(frame.bgr(), (width, height), interpolation=how)
        planes = cv2.split(self._canvas)
        for target, plane in zip(self._pixels[0], planes[::-1] if given.colour is Colour.RGB else planes, strict=True):
            np.multiply(plane, np.float32(given.scale), out=target)
        return width / frame.width, height / frame.height

    def state(self) -> PlainState:
        """Return nothing: each picture stands alone."""
        return {}

    def restore(self, state: PlainState) -> None:
        """Take up nothing."""


class Sessions:
    """The loaded models of a process: each is checked and loaded once, when first asked for.

    Args:
        store: where the files are.
        providers: execution providers of ONNX Runtime, best first.
    """

    def __init__(self, store: ModelStore, providers: Sequence[str] = CPU) -> None:
        self._store = store
        self._providers = tuple(providers)
        self._lock = threading.Lock()
        self._loaded: dict[str, Session] = {}

    def get(self, model: Installed) -> Session:
        """Return the session of an installed model.

        Raises:
            ModelError: the file is not the one described, or cannot be loaded.
        """
        with self._lock:
            session = self._loaded.get(model.manifest.sha256)
            if session is None:
                session = Session(self._store.verify(model), model.manifest, self._providers)
                self._loaded[model.manifest.sha256] = session
            return session
