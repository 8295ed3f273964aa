"""Which engine runs a model: the one the operator says, or the one that was measured to be faster."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vedette.algorithms.inference.face import CPU, Arithmetic, EngineName, Wish
from vedette.algorithms.inference.proof import Proof, prove
from vedette.algorithms.inference.records import Measured, Records
from vedette.algorithms.manifests import ModelManifest, Precision
from vedette.model.errors import ModelError

CLEARLY = 0.9
"""The share of ONNX Runtime's time from which another engine is chosen: between equals the same one always wins."""
AGAIN_S = 60.0
"""After so long a model that did not work is tried again."""

Prove = Callable[[Path, ModelManifest, EngineName, Wish], Proof]


@dataclass(frozen=True, slots=True)
class Choice:
    """What runs a model.

    Attributes:
        measured: what is known of each engine.
    """

    engine: EngineName
    arithmetic: Arithmetic
    measured: dict[str, Measured]

    @property
    def ms(self) -> float:
        """Return the processor time for one picture."""
        return self.measured[label(self.engine, self.arithmetic)].ms


def label(engine: EngineName, arithmetic: Arithmetic) -> str:
    """Return the name of a way to run a model."""
    return f"{engine} {arithmetic}"


class Choices:
    """Made once per model, engine, arithmetic and machine, before the first picture, and kept in the folder of models.

    Args:
        folder: of the models.
        wish: what the operator said.
        engines: those that are installed.
        proving: tries a file in a process of its own.
    """

    def __init__(self, folder: Path, wish: Wish, engines: tuple[EngineName, ...], proving: Prove = prove) -> None:
        self._folder, self._wish, self._prove = folder, wish, proving
        self._engines = engines
        self._lock = threading.Lock()
        self._failed: dict[ModelManifest, tuple[float, str]] = {}

    def known(self, manifest: ModelManifest) -> Choice | None:
        """Return what was chosen, if it was."""
        return self._decide(manifest, Records(self._folder, manifest).read())

    def choose(self, path: Path, manifest: ModelManifest) -> Choice:
        """Return what runs a model; tries and measures what was not tried yet.

        Raises:
            ModelError: it works in none of the engines.
        """
        known = self.known(manifest)
        if known is not None:
            return known
        with self._lock:
            when, reason = self._failed.get(manifest, (0.0, ""))
        if reason and time.monotonic() - when < AGAIN_S:
            raise ModelError(reason)
        try:
            return self._measure(path, manifest)
        except ModelError as error:
            with self._lock:
                self._failed[manifest] = time.monotonic(), error.message
            raise

    def _measure(self, path: Path, manifest: ModelManifest) -> Choice:
        records = Records(self._folder, manifest)
        with records.alone() as kept:
            measured = records.read()
            engines = self._open() if kept else self._open()[:1]  # who cannot keep a choice must not make one
            for engine in engines:
                if self._label(engine, manifest) not in measured:
                    measured[self._label(engine, manifest)] = self._try(path, manifest, engine)
            working = [engine for engine in engines if not measured[self._label(engine, manifest)].refused]
            if not working:
                raise ModelError(measured[self._label(engines[0], manifest)].refused)
            if kept:
                records.write(measured)
        return self._decide(manifest, measured, engines) or self._choice(working[0], manifest, measured)

    def _try(self, path: Path, manifest: ModelManifest, engine: EngineName) -> Measured:
        try:
            wish = replace(self._wish, arithmetic=self._arithmetic(engine, manifest))
            return Measured(self._prove(path, manifest, engine, wish).ms)
        except ModelError as error:
            return Measured(0.0, error.message)

    def _open(self) -> tuple[EngineName, ...]:
        """Return the engines that are in question."""
        if self._wish.engine is not None:
            return (self._wish.engine,)
        return self._engines if self._wish.providers == CPU else (EngineName.ONNXRUNTIME,)

    def _decide(
        self, manifest: ModelManifest, measured: dict[str, Measured], engines: tuple[EngineName, ...] | None = None
    ) -> Choice | None:
        """Return the choice, if all that are in question were measured and one of them works."""
        rows = {engine: measured.get(self._label(engine, manifest)) for engine in engines or self._open()}
        if any(row is None for row in rows.values()):
            return None
        times = {
            engine: row.ms * (1.0 if engine is EngineName.ONNXRUNTIME else 1 / CLEARLY)
            for engine, row in rows.items()
            if row is not None and not row.refused
        }
        if not times:
            return None
        return self._choice(min(times, key=lambda engine: times[engine]), manifest, measured)

    def _choice(self, engine: EngineName, manifest: ModelManifest, measured: dict[str, Measured]) -> Choice:
        return Choice(engine, self._arithmetic(engine, manifest), measured)

    def _arithmetic(self, engine: EngineName, manifest: ModelManifest) -> Arithmetic:
        """Return how an engine counts: short numbers are for float models, and only one engine has them."""
        short = engine is EngineName.OPENVINO and manifest.precision is not Precision.INT8
        return self._wish.arithmetic if short else Arithmetic.FP32

    def _label(self, engine: EngineName, manifest: ModelManifest) -> str:
        return label(engine, self._arithmetic(engine, manifest))
