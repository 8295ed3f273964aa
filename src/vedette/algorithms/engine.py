"""What the detectors of a worker process share. Imported by workers alone."""

from collections.abc import Mapping, Sequence
from typing import Final

from vedette.algorithms.base import Classifier, Detector, Embedder, PlainState
from vedette.algorithms.inference.crops import CropClassifier, CropEmbedder
from vedette.algorithms.inference.detector import ModelDetector
from vedette.algorithms.inference.face import CPU, Session, Wish
from vedette.algorithms.inference.sessions import Sessions
from vedette.algorithms.models import Installed, ModelStore
from vedette.algorithms.motion import MotionDetector
from vedette.algorithms.outputs import Kind
from vedette.algorithms.roles import MOTION, OBJECTS, STILL
from vedette.algorithms.still import StillDetector
from vedette.model.detection import Detections
from vedette.model.errors import ModelError
from vedette.model.frame import Frame, Position

WITHOUT_MODEL: Final[Mapping[str, type[MotionDetector | StillDetector]]] = {
    OBJECTS: MotionDetector,
    MOTION: MotionDetector,
    STILL: StillDetector,
}
"""What fills a role for want of a model."""


class Engine:
    """Made once per worker process: one session per model, shared by all its streams.

    Args:
        store: the installed models.
        providers: execution providers of ONNX Runtime, best first.
        engine: `onnxruntime`, `openvino`, or `auto`: the faster one, by measuring.
        precision: how float models are computed: `fp32`, or `bf16`, which OpenVINO alone has.
    """

    def __init__(
        self,
        store: ModelStore,
        providers: Sequence[str] = CPU,
        *,
        engine: str = "onnxruntime",
        precision: str = "fp32",
    ) -> None:
        self._store = store
        self._sessions = Sessions(store, Wish.of(engine, precision, tuple(providers)))

    def for_stream(self) -> "StreamModels":
        """Return the models of one stream; its tasks pay for one look at each picture."""
        return StreamModels(self._store, self._sessions)


class StreamModels:
    """The `Models` of the tasks on one stream; used by its thread alone."""

    def __init__(self, store: ModelStore, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions
        self._shared: dict[str, Detector] = {}
        self._eyes: dict[type[MotionDetector | StillDetector], _Memo] = {}

    def has(self, role: str) -> bool:
        """Return whether a model is installed for the role.

        Raises:
            ModelError: a manifest in the folder cannot be read.
        """
        return self._store.find(role) is not None

    def detector(self, role: str) -> Detector:
        """Return the best installed detector for the role, or what needs no model where nothing is installed.

        Raises:
            ModelError: no model fills the role, or the one that does is broken (nothing takes its place in silence).
        """
        installed = self._store.find(role)
        if installed is None:
            make = WITHOUT_MODEL.get(role)
            if make is None:
                raise ModelError(f"No installed model serves the role {role}.")
            if make not in self._eyes:
                self._eyes[make] = _Memo(make())
            return _Eyes(self._eyes[make], make)
        name = installed.manifest.name
        if name not in self._shared:
            self._shared[name] = _Memo(ModelDetector(self._session(installed, role, Kind.DETECTOR)))
        return self._shared[name]

    def classifier(self, role: str) -> Classifier:
        """Return the best installed classifier for the role.

        Raises:
            ModelError: no model fills the role, or the one that does is broken or of another kind.
        """
        return CropClassifier(self._session(self._store.find(role), role, Kind.CLASSIFIER))

    def embedder(self, role: str) -> Embedder:
        """Return the best installed embedder for the role.

        Raises:
            ModelError: no model fills the role, or the one that does is broken or of another kind.
        """
        return CropEmbedder(self._session(self._store.find(role), role, Kind.EMBEDDER))

    def _session(self, installed: Installed | None, role: str, kind: Kind) -> Session:
        if installed is None:
            raise ModelError(f"No installed model serves the role {role}.")
        manifest = installed.manifest
        if manifest.kind is not kind:
            raise ModelError(f"The role {role} needs a {kind}, and the model {manifest.name} is a {manifest.kind}.")
        return self._sessions.get(installed)


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


class _Eyes:
    """A task's own end of a detector of its stream that remembers earlier pictures.

    The tasks share one memory of the picture until one of them goes on from a checkpoint: it then has a memory of its
    own, or what it sees would hang on the others, and a replay would differ from the first run.
    """

    def __init__(self, shared: _Memo, make: type[MotionDetector | StillDetector]) -> None:
        self.name, self.labels, self.knows_classes = shared.name, shared.labels, shared.knows_classes
        self._eyes, self._make = shared, make

    def __call__(self, frame: Frame) -> Detections:
        return self._eyes(frame)

    def state(self) -> PlainState:
        return self._eyes.state()

    def restore(self, state: PlainState) -> None:
        own = self._make()
        own.restore(state)
        self._eyes = _Memo(own)
