"""Model files are tried in a process of their own before anything else loads them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vedette.algorithms.inference.face import CPU, Arithmetic, EngineName, Wish
from vedette.algorithms.manifests import ModelManifest
from vedette.model.errors import ModelError

SECONDS = 60.0
MEMORY = 2 << 30
"""Bytes a model may take, and some for each byte of its file."""
PER_BYTE = 4
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "HOME", "CUDA_VISIBLE_DEVICES")
"""What the process is told of the environment: no key and no address of ours."""
_OUT_OF_MEMORY = ("bad_alloc", "allocate", "out of memory", "bad allocation", "length_error")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model may take while it is tried.

    Attributes:
        seconds: of the wall, for all of it.
        memory: bytes, besides those of the engine itself.
    """

    seconds: float = SECONDS
    memory: int = MEMORY

    def of(self, path: Path) -> "Limits":
        """Return the limits for a file: large models need more."""
        return Limits(self.seconds, self.memory + PER_BYTE * (path.stat().st_size if path.is_file() else 0))


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a trial.

    Attributes:
        ms: processor time for one picture, milliseconds.
        memory: bytes the process had at most.
        seen: what the model said of the picture.
    """

    engine: EngineName
    arithmetic: Arithmetic
    ms: float
    memory: int
    seen: list[dict[str, Any]]


def prove(
    path: Path,
    manifest: ModelManifest,
    engine: EngineName = EngineName.ONNXRUNTIME,
    wish: Wish | None = None,
    *,
    picture: Path | None = None,
    limits: Limits | None = None,
) -> Proof:
    """Try a model file on a picture.

    Args:
        picture: None for an invented one.

    Raises:
        ModelError: it does not work; says why.
    """
    wish = wish or Wish()
    arithmetic = wish.arithmetic if engine is EngineName.OPENVINO else Arithmetic.FP32
    told = _ask(path, manifest.name, manifest, engine, wish, picture, (limits or Limits()).of(path))
    return Proof(engine, arithmetic, float(told["ms"]), int(told["memory"]) * 1024, told["seen"])


def ports(path: Path, limits: Limits | None = None) -> dict[str, list[Any]]:
    """Return the inputs and outputs of a file that nothing describes yet: name, dimensions and type of each.

    Raises:
        ModelError: it is no model.
    """
    told = _ask(path, path.name, None, EngineName.ONNXRUNTIME, Wish(), None, (limits or Limits()).of(path))
    return dict(told["ports"])


def _ask(
    path: Path,
    name: str,
    manifest: ModelManifest | None,
    engine: EngineName,
    wish: Wish,
    picture: Path | None,
    limits: Limits,
) -> dict[str, Any]:
    asked = {
        "path": str(path.resolve()),
        "name": name,
        "manifest": None if manifest is None else manifest.model_dump_json(exclude_unset=True),
        "engine": str(engine),
        "arithmetic": str(wish.arithmetic),
        "providers": list(wish.providers),
        "picture": str(picture.resolve()) if picture else "",
        "seconds": limits.seconds,
        "memory": limits.memory if wish.providers == CPU else 0,  # GPUs take addresses for more than there is
    }
    with tempfile.TemporaryDirectory(prefix="vedette-model-") as nowhere:
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "vedette.algorithms.inference.proving"],
                input=json.dumps(asked) + "\n",
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                cwd=nowhere,
                env={key: value for key, value in os.environ.items() if key in _KEPT},
                timeout=limits.seconds + 30,  # it ends by itself; the rest is for its start
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _too_slow(name, limits) from None
    return _answer(done, name, limits)


def _answer(done: subprocess.CompletedProcess[str], name: str, limits: Limits) -> dict[str, Any]:
    if done.returncode in {-signal.SIGALRM, -signal.SIGXCPU}:
        raise _too_slow(name, limits)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.strip().rpartition("\n")[2][:200]
        what = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}: {last}"
        if any(word in done.stderr for word in _OUT_OF_MEMORY):
            raise _too_large(name, limits) from None
        raise ModelError(f"The model {name} brought its process down ({what}) when it was tried.") from None
    if told.get("memory_error") or any(word in told.get("refused", "") for word in _OUT_OF_MEMORY):
        raise _too_large(name, limits)
    if "refused" in told:
        raise ModelError(told["refused"])
    return told


def _too_slow(name: str, limits: Limits) -> ModelError:
    return ModelError(f"The model {name} was not done within {limits.seconds:g} seconds when it was tried.")


def _too_large(name: str, limits: Limits) -> ModelError:
    return ModelError(f"The model {name} wants more memory than {limits.memory >> 20} MiB.")
