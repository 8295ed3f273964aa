"""What was measured of models, kept beside them: a choice that was made once holds, whoever asks."""

import fcntl
import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vedette.algorithms.manifests import ModelManifest


@dataclass(frozen=True, slots=True)
class Measured:
    """How a model did in an engine on this machine.

    Attributes:
        ms: processor time for one picture; 0 if it does not work there.
        refused: why not; empty if it works.
    """

    ms: float
    refused: str = ""


@cache
def machine() -> str:
    """Return what makes measurements comparable: processor, how many of it, and the versions of the engines."""
    info = Path("/proc/cpuinfo").read_text(errors="replace") if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    flags = next((line for line in info.splitlines() if line.startswith(("flags", "Features"))), "")
    known = hashlib.sha256(flags.encode()).hexdigest()[:6]
    engines = [f"{name} {_version(name)}" for name in ("onnxruntime", "openvino") if _version(name)]
    return ", ".join([f"{models[0] if models else platform.machine()} ({known}) x {os.cpu_count()}", *engines])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


class Records:
    """The measurements of one model: `<name>.measured.json` in the folder of models.

    Args:
        folder: of the models.
        manifest: of the model; what was measured of another file or another description does not count.
    """

    def __init__(self, folder: Path, manifest: ModelManifest) -> None:
        self._path = folder / f"{manifest.name}.measured.json"
        self._lock = folder / ".measuring.lock"
        described = manifest.model_dump_json(exclude={"rank", "roles", "licence", "author", "origin"})
        self._what = hashlib.sha256(described.encode()).hexdigest()

    def read(self) -> dict[str, Measured]:
        """Return what is known, by engine and arithmetic."""
        rows = self._document().get("machines", {}).get(machine(), {})
        try:
            return {str(key): Measured(float(row["ms"]), str(row["refused"])) for key, row in rows.items()}
        except (AttributeError, KeyError, TypeError, ValueError):
            return {}

    def write(self, measured: dict[str, Measured]) -> bool:
        """Keep what was measured; return whether it could be."""
        document = self._document() or {"what": self._what, "machines": {}}
        rows = {key: {"ms": row.ms, "refused": row.refused} for key, row in sorted(measured.items())}
        document["machines"] = {**document["machines"], machine(): rows}
        part = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
            part.replace(self._path)
        except OSError:
            return False
        return True

    def _document(self) -> dict[str, Any]:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            fits = document["what"] == self._what and isinstance(document["machines"], dict)
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return document if fits else {}

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Measure alone: others who want to wait, for two at once would disturb each other.

        Yields:
            Whether anything can be kept here.
        """
        try:
            file = self._lock.open("a")
        except OSError:
            yield False
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield True
