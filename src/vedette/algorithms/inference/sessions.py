"""The loaded models of a process: each is tried elsewhere, then loaded once, when first asked for."""

import threading
from collections import defaultdict
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from vedette.algorithms.inference.choices import Choices
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
        choices: what runs which model; None: by trying and measuring.
    """

    def __init__(self, store: ModelStore, wish: Wish, choices: Choices | None = None) -> None:
        self._store, self._wish = store, wish
        self._choices = choices or Choices(store.folder, wish, installed())
        self._lock = threading.Lock()
        self._making: defaultdict[ModelManifest, threading.Lock] = defaultdict(threading.Lock)
        self._loaded: dict[ModelManifest, Session] = {}

    def get(self, model: Installed) -> Session:
        """Return the session of an installed model; others are not held up while it is made.

        Raises:
            ModelError: the file is not the one described, or does not work.
        """
        manifest = model.manifest
        with self._lock:
            making = self._making[manifest]
        with making:
            session = self._loaded.get(manifest)
            if session is None:
                path = self._store.verify(model)
                choice = self._choices.choose(path, manifest)
                wish = replace(self._wish, arithmetic=choice.arithmetic)
                session = self._loaded[manifest] = load(path, manifest, choice.engine, wish)
            return session
