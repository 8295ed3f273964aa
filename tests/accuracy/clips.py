"""Clips as frames, decoded with plain PyAV, and detections of a whole clip, so that a test session infers once."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from vedette.algorithms import Detections, Frame, PlainState, Position
from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore


def frames(path: Path, most: int | None = None) -> Iterator[Frame]:
    """Yield the frames of a clip; times count from the first one."""
    with av.open(str(path)) as container:
        first: float | None = None
        for index, picture in enumerate(container.decode(video=0)):
            if most is not None and index >= most:
                return
            time = float(picture.time or 0)
            first = time if first is None else first
            plane = picture.planes[0]
            luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: picture.height, : picture.width]
            position = Position(0, index, round((time - first) * 1e6))
            yield Frame(position, luma.copy(), lambda shown=picture: shown.to_ndarray(format="bgr24"))


class Played:
    """A detector that says again what a real one said of a clip, and the models that give it.

    Attributes:
        pictures: positions and detections, in order.
        size: width and height of the clip.
    """

    knows_classes = True

    def __init__(self, name: str, size: tuple[int, int], pictures: list[tuple[Position, Detections]]) -> None:
        self.name = name
        self.size = size
        self.pictures = pictures
        self.labels = pictures[0][1].labels
        self._known = dict(pictures)

    def __call__(self, frame: Frame) -> Detections:
        return self._known[frame.position]

    def has(self, role: str) -> bool:
        return role == "objects"

    def detector(self, role: str) -> "Played":
        return self

    def frames(self, step: int = 1) -> Iterator[Frame]:
        """Yield every `step`-th picture, black: the detector knows what was on it."""
        black = np.zeros(self.size[::-1], np.uint8)
        for position, _ in self.pictures[::step]:
            yield Frame(position, black, lambda: np.zeros((*self.size[::-1], 3), np.uint8))

    def state(self) -> PlainState:
        return {}

    def restore(self, state: PlainState) -> None:
        pass


class Sessions:
    """Runs a model over a clip when first asked, and keeps what it saw for the test session."""

    def __init__(self, data: Path, folder: Path) -> None:
        self._data = data
        self._folder = folder
        self._played: dict[tuple[str, str], Played] = {}

    def play(self, clip: str, model: str = "yolox_nano") -> Played:
        if (clip, model) not in self._played:
            store = ModelStore(self._folder / model)
            store.add(self._data / "models" / f"{model}.onnx")
            detector = Engine(store).for_stream().detector("objects")
            pictures, size = [], (0, 0)
            for frame in frames(self._data / "videos" / clip):
                size = frame.width, frame.height
                pictures.append((frame.position, detector(frame)))
            self._played[clip, model] = Played(detector.name, size, pictures)
        return self._played[clip, model]
