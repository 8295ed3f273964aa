"""A model behind the face of a detector."""

from vedette.algorithms.base import PlainState
from vedette.algorithms.inference.canvas import Canvas
from vedette.algorithms.inference.face import Session
from vedette.algorithms.layouts import decode
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.frame import Frame


class ModelDetector:
    """Sees what a model sees; knows nothing of earlier pictures.

    Args:
        session: shared with other detectors.
    """

    knows_classes = True

    def __init__(self, session: Session) -> None:
        self.name = session.manifest.name
        self.labels = session.manifest.output.labels
        self._output = session.manifest.output
        self._session = session
        self._canvas = Canvas(session.manifest.input, session.element)

    def __call__(self, frame: Frame) -> Detections:
        """Return what the model sees.

        Raises:
            ModelError: the engine failed, or the output has not the shape that the manifest says.
        """
        place = self._canvas.lay(frame.bgr())
        outputs = self._session(self._canvas.pixels)
        try:
            return decode(outputs, self._output, place.given, place.scale, (frame.width, frame.height), place.offset)
        except (ValueError, IndexError, OverflowError) as error:
            raise ModelError(f"The output of model {self.name} is not what its manifest says: {error}.") from error

    def state(self) -> PlainState:
        """Return nothing: each picture stands alone."""
        return {}

    def restore(self, state: PlainState) -> None:
        """Take up nothing."""
