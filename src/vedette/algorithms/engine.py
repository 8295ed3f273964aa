"""What the detectors of a worker process share. Imported by workers alone."""

from collections.abc import Sequence

from vedette.algorithms.base import Detector, PlainState
from vedette.algorithms.models import ModelStore
from vedette.algorithms.motion import MotionDetector
from vedette.algorithms.onnx import CPU, OnnxDetector, Sessions
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.frame import Frame, Position

WITHOUT_MODEL = "objects"
"""The role that motion can fill for want of a model."""


class Engine:
    """Made once per worker process: one session per model, shared by all its streams.

    Args:
        store: the installed models.
        providers: execution providers of ONNX Runtime, best first.
    """

    def __init__(self, store: ModelStore, providers: Sequence[str] = CPU) -> None:
        self._store = store
        self._sessions = Sessions(store, providers)

    def for_stream(self) -> "StreamModels":
        """Return the models of one stream; its tasks pay for one look at each picture."""
        return StreamModels(self._store, self._sessions)


class StreamModels:
    """The `Models` of the tasks on one stream; used by its thread alone."""

    def __init__(self, store: ModelStore, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions
        self._shared: dict[str, Detector] = {}
        self._motion: _Memo | None = None

    def has(self, role: str) -> bool:
        """Return whether a model is installed for the role.

        Raises:
            ModelError: a manifest in the folder cannot be read.
        """
        return self._store.find(role) is not None

    def detector(self, role: str) -> Detector:
        """Return the best installed detector for the role; motion for `objects` where nothing is installed.

        Raises:
            ModelError: no model fills the role, or the one that does is broken (nothing takes its place in silence).
        """
        installed = self._store.find(role)
        if installed is None:
            if role != WITHOUT_MODEL:
                raise ModelError(f"No installed model serves the role {role}.")
            self._motion = self._motion or _Memo(MotionDetector())
            return _Motion(self._motion)
        name = installed.manifest.name
        if name not in self._shared:
            self._shared[name] = _Memo(OnnxDetector(self._sessions.get(installed)))
        return self._shared[name]


class _Memo:
    """A detector that looks once at each picture, however many ask."""

    def __init__(self, detector: Detector) -> None:
        self.name, self.labels, self.knows_classes = detector.name, detector.labels, detector.knows_classes
        self._detector = detector
        self._position: Position | None = None
        self._found = Detections.none()

    def __call__(self, frame: Frame) -> Detections:
        if frame.position != self._position:
            self._found = self._detector(frame)
            self._position = frame.position
        return self._found

    def state(self) -> PlainState:
        return self._detector.state()

    def restore(self, state: PlainState) -> None:
        self._detector.restore(state)


class _Motion:
    """A task's own end of the motion detector of its stream.

    The tasks share one memory of the picture until one of them goes on from a checkpoint: it then has a memory of its
    own, or what it sees would hang on the others, and a replay would differ from the first run.
    """

    def __init__(self, shared: _Memo) -> None:
        self.name, self.labels, self.knows_classes = shared.name, shared.labels, shared.knows_classes
        self._eyes = shared

    def __call__(self, frame: Frame) -> Detections:
        return self._eyes(frame)

    def state(self) -> PlainState:
        return self._eyes.state()

    def restore(self, state: PlainState) -> None:
        own = MotionDetector()
        own.restore(state)
        self._eyes = _Memo(own)
