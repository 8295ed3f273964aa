"""What a model says of one picture, in plain words and numbers, for whoever checks it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.inference.crops import CropClassifier, CropEmbedder
from vedette.algorithms.inference.detector import ModelDetector
from vedette.algorithms.inference.face import Session
from vedette.algorithms.outputs import Kind
from vedette.model.frame import Frame, Image, Position

Rows = list[dict[str, Any]]
MOST_CLASSES = 5


def frame_of(image: Image) -> Frame:
    """Return a still picture as a frame; its brightness, which models do not look at, is that of its green."""
    return Frame(Position(0, 0, 0), np.ascontiguousarray(image[:, :, 1]), lambda: image)


def invented(width: int = 640, height: int = 480) -> Image:
    """Return a picture of nothing in particular, the same each time: slopes, squares and a little noise."""
    rows, columns = np.mgrid[0:height, 0:width]
    slopes = np.stack([rows * 255 / height, columns * 255 / width, (rows + columns) % 256], axis=2)
    picture = (slopes + np.random.default_rng(7).integers(-9, 9, slopes.shape)).clip(0, 255).astype(np.uint8)
    picture[height // 4 : height // 2, width // 4 : width // 3] = (40, 60, 200)
    picture[height // 3 :, width // 2 : width * 2 // 3] = (220, 220, 210)
    return picture


class Sight:
    """A model, asked about whole pictures.

    Args:
        session: of a model of any kind.
    """

    def __init__(self, session: Session) -> None:
        kind = session.manifest.kind
        self._look: Callable[[Frame], Rows]
        if kind is Kind.EMBEDDER:
            self._look = _embedded(CropEmbedder(session))
        elif kind is Kind.CLASSIFIER:
            self._look = _classified(CropClassifier(session))
        else:
            self._look = _detected(ModelDetector(session))

    def __call__(self, image: Image) -> Rows:
        """Return a row for each thing that the model sees.

        Raises:
            ModelError: the engine failed, or the output has not the shape that the manifest says.
        """
        return self._look(frame_of(image))


def whole(image: Image) -> NDArray[np.float32]:
    """Return the (1, 4) box that holds all of a picture."""
    return np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)


def _embedded(embedder: CropEmbedder) -> Callable[[Frame], Rows]:
    def look(frame: Frame) -> Rows:
        vectors = embedder(frame, whole(frame.bgr()))
        return [{"numbers": vectors.shape[1], "length": round(float(np.linalg.norm(vectors[0])), 4)}]

    return look


def _classified(classifier: CropClassifier) -> Callable[[Frame], Rows]:
    def look(frame: Frame) -> Rows:
        scores = classifier(frame, whole(frame.bgr()))[0]
        best = np.argsort(-scores, kind="stable")[:MOST_CLASSES]
        return [{"label": classifier.labels[each], "score": round(float(scores[each]), 3)} for each in best]

    return look


def _detected(detector: ModelDetector) -> Callable[[Frame], Rows]:
    def look(frame: Frame) -> Rows:
        found = detector(frame)
        points = found.points if found.points is not None else np.empty((len(found), 0, 2), np.float32)
        return [
            {
                "label": label,
                "score": round(score, 3),
                "box": [round(float(value), 1) for value in box],
                "points": np.round(marks, 1).tolist(),
            }
            for (box, score, label, _), marks in zip(found.rows(), points, strict=True)
        ]

    return look
