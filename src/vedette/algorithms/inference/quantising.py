"""An int8 model of a float one, with pictures that show which values occur. Needs the extra `quantise`."""

import hashlib
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.boxes import overlap
from vedette.algorithms.inference.canvas import Canvas
from vedette.algorithms.inference.crops import CropClassifier, CropEmbedder
from vedette.algorithms.inference.detector import ModelDetector
from vedette.algorithms.inference.face import Session
from vedette.algorithms.inference.ort import OrtSession
from vedette.algorithms.inference.sighted import frame_of, whole
from vedette.algorithms.layouts import BELIEVED, uncalibrated
from vedette.algorithms.manifests import ModelManifest, Precision, written
from vedette.algorithms.models import Installed, ModelStore
from vedette.algorithms.outputs import Kind
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.frame import Image

OPSET = 13
"""The first version of ONNX's operators that keeps a scale for each channel."""
FEWEST = 8
"""Pictures below which the ranges of values are guesswork."""
_WITH_WEIGHTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
SAME = 0.5
"""Boxes that overlap by so much are the same thing."""


@dataclass(frozen=True, slots=True)
class Quantised:
    """What came of it.

    Attributes:
        agreement: how far it says what the float model says, on pictures it was not made with: of detectors F1 of the
            believed boxes, of classifiers the share of equal first classes, of embedders the mean cosine.
        compared: on how many pictures.
    """

    manifest: ModelManifest
    agreement: float
    compared: int


def quantise(
    store: ModelStore, model: Installed, pictures: Sequence[Image], name: str = "", rank: int | None = None
) -> Quantised:
    """Make an int8 model and take it into the store; every second picture is kept for the comparison.

    Args:
        model: a float model of the store, which was tried before.
        pictures: (height, width, 3) of scenes like those it will see.
        name: of the new model; empty: the old one's with `-int8`.
        rank: of the new model; None: one less than the old one's, so that it serves only where it is alone.

    Raises:
        ModelError: there are too few pictures, the model cannot be quantised, or the package onnx is missing.
    """
    manifest = model.manifest
    if not find_spec("onnx"):
        raise ModelError("To quantise a model the package onnx is needed; it comes with the extra quantise.")
    if manifest.precision is not Precision.FP32:
        raise ModelError(f"The model {manifest.name} is {manifest.precision} already.")
    if len(pictures) < 2 * FEWEST:
        raise ModelError(f"To quantise a model {2 * FEWEST} pictures are needed, and there are {len(pictures)}.")
    path = store.verify(model)
    with tempfile.TemporaryDirectory(prefix="vedette-int8-") as folder:
        made = Path(folder) / "int8.onnx"
        _convert(path, made, manifest, pictures[::2])
        content = made.read_bytes()
        described = manifest.model_copy(
            update={
                "name": name or f"{manifest.name}-int8",
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
                "origin": "",
                "rank": manifest.rank - 1 if rank is None else rank,
                "precision": Precision.INT8,
                "made_from": manifest.name,
            }
        )
        exact, short = OrtSession(path, manifest), OrtSession(made, described)
        if manifest.kind is Kind.DETECTOR:
            threshold = agreeing_threshold(exact, short, pictures[::2])
            described = described.model_copy(
                update={"output": manifest.output.model_copy(update={"threshold": threshold})}
            )
            short = OrtSession(made, described)
        note = Path(folder) / "int8.toml"
        note.write_text(written(described), encoding="utf-8")
        agreement = _agreement(exact, short, pictures[1::2])
        return Quantised(store.add(made, note), agreement, len(pictures[1::2]))


def agreeing_threshold(exact: Session, short: Session, pictures: Sequence[Image]) -> float:
    """Return the threshold from which the short model believes in as many things as the exact one does.

    Short numbers move all scores a little to one side; where too little is seen to tell, the threshold stays.
    """
    threshold = exact.manifest.output.threshold
    sees, saw = ModelDetector(exact), ModelDetector(short)
    many = sum(len(_believed(sees(frame_of(image)))) for image in pictures)
    scores = np.sort(np.concatenate([saw(frame_of(image)).scores for image in pictures]).astype(np.float64))[::-1]
    if many < FEWEST or len(scores) <= many:
        return threshold
    between = (scores[many - 1] + scores[many]) / 2
    told = uncalibrated(between, threshold)
    return round(float(np.clip(told, threshold / 2, (1 + threshold) / 2)), 3)


def _convert(path: Path, made: Path, manifest: ModelManifest, pictures: Sequence[Image]) -> None:
    import onnx  # noqa: PLC0415 - an extra
    from onnx import version_converter  # noqa: PLC0415
    from onnxruntime.quantization import (  # noqa: PLC0415 - needs onnx
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # published without types
        def __init__(self) -> None:
            self._inputs = _inputs(manifest, given, pictures)

        def get_next(self) -> Mapping[str, NDArray[Any]] | None:
            return next(self._inputs, None)

    said = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)  # it advises on the root logger to do what is done here
    try:
        model = onnx.load(path, load_external_data=False)
        given = manifest.input.name or model.graph.input[0].name
        if max(each.version for each in model.opset_import if each.domain in {"", "ai.onnx"}) < OPSET:
            model = version_converter.convert_version(model, OPSET)
        lifted, plain = made.with_name("lifted.onnx"), made.with_name("plain.onnx")
        onnx.save(model, lifted)
        quant_pre_process(str(lifted), str(plain), skip_symbolic_shape=True)
        quantize_static(
            str(plain),
            str(made),
            Reader(),
            nodes_to_exclude=_last_steps(onnx.load(plain).graph.node),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
    # A library of many parts: whatever it stumbles over, the model stays as it is, and the reason is told.
    except Exception as error:
        raise ModelError(f"The model {manifest.name} cannot be quantised: {str(error)[:200]}.") from error
    finally:
        logging.getLogger().setLevel(said)


def _last_steps(nodes: Sequence[Any]) -> list[str]:
    """Return the names of the nodes that no weights come after, and of the last with weights.

    There boxes in pixels stand beside scores of 0 to 1: one scale for both would leave nothing of the scores.
    """
    needed: set[str] = set()
    last = []
    for node in reversed(nodes):
        if needed.isdisjoint(node.output):
            last.append(str(node.name))
        if node.op_type in _WITH_WEIGHTS or not needed.isdisjoint(node.output):
            needed.update(node.input)
    return last


def _inputs(manifest: ModelManifest, given: str, pictures: Sequence[Image]) -> Iterator[Mapping[str, NDArray[Any]]]:
    canvas = Canvas(manifest.input, np.dtype(np.float32))
    for picture in pictures:
        canvas.lay(picture)
        yield {given: canvas.pixels.copy()}


def _agreement(exact: Session, short: Session, pictures: Sequence[Image]) -> float:
    kind = exact.manifest.kind
    if kind is Kind.EMBEDDER:
        one, other = CropEmbedder(exact), CropEmbedder(short)
        pairs = [(one(frame_of(image), whole(image)), other(frame_of(image), whole(image))) for image in pictures]
        return float(np.mean([float((a * b).sum()) for a, b in pairs]))
    if kind is Kind.CLASSIFIER:
        first, second = CropClassifier(exact), CropClassifier(short)
        equal = [
            int(first(frame_of(image), whole(image)).argmax()) == int(second(frame_of(image), whole(image)).argmax())
            for image in pictures
        ]
        return float(np.mean(equal))
    sees, saw = ModelDetector(exact), ModelDetector(short)
    same = total = 0
    for image in pictures:
        a, b = _believed(sees(frame_of(image))), _believed(saw(frame_of(image)))
        near = (overlap(a.boxes, b.boxes) >= SAME) & (a.classes[:, None] == b.classes[None, :])
        same += int(near.any(axis=1).sum()) + int(near.any(axis=0).sum())
        total += len(a) + len(b)
    return same / total if total else 1.0


def _believed(found: Detections) -> Detections:
    return found.where(found.scores >= BELIEVED)
