"""The loaded models of a process: each is checked and loaded once, when first asked for."""

import threading
from importlib.util import find_spec
from pathlib import Path

from vedette.algorithms.inference.face import EngineName, Session, Wish
from vedette.algorithms.inference.ort import OrtSession
from vedette.algorithms.manifests import ModelManifest
from vedette.algorithms.models import Installed, ModelStore
from vedette.model.errors import ModelError


def installed() -> tuple[EngineName, ...]:
    """Return the engines that are installed, the one that always is first."""
    return tuple(EngineName) if find_spec("openvino") else (EngineName.ONNXRUNTIME,)


def load(path: Path, manifest: ModelManifest, engine: EngineName, wish: Wish) -> Session:
    """Return a model in an engine.

    Raises:
        ModelError: the file is no model, or not the one described, or the engine is not installed.
    """
    if engine is EngineName.ONNXRUNTIME:
        return OrtSession(path, manifest, wish.providers)
    if engine not in installed():
        raise ModelError("OpenVINO is not installed; it comes with the extra openvino.")
    from vedette.algorithms.inference.vino import VinoSession  # noqa: PLC0415 - half of the installations have none

    return VinoSession(path, manifest, wish.arithmetic)


class Sessions:
    """One session per model and process.

    Args:
        store: where the files are.
        wish: what the operator said of engines.
    """

    def __init__(self, store: ModelStore, wish: Wish) -> None:
        self._store = store
        self._wish = wish
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
                engine = self._wish.engine or EngineName.ONNXRUNTIME
                session = load(self._store.verify(model), model.manifest, engine, self._wish)
                self._loaded[model.manifest.sha256] = session
            return session
