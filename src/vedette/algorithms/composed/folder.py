"""Where manifests of services lie: those that come with Vedette, and the operator's own in a folder."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from vedette.algorithms.composed.manifest import LONGEST, ServiceManifest, parse
from vedette.model.errors import Misconfigured

ENDING = ".toml"


@dataclass(frozen=True, slots=True)
class Written:
    """A manifest in a file.

    Attributes:
        where: the file's name.
        text: what stands in it; empty if it cannot be read.
        problem: why it cannot; empty otherwise.
    """

    where: str
    text: str
    problem: str = ""

    def read(self) -> ServiceManifest:
        """Return the manifest.

        Raises:
            Misconfigured: it is none.
        """
        if self.problem:
            raise Misconfigured(f"The service {self.where} cannot be read: {self.problem}.")
        return parse(self.text, self.where)


def shipped() -> Iterator[Written]:
    """Yield the manifests that come with Vedette, by file name."""
    folder = resources.files("vedette.algorithms") / "services"
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(ENDING):
            yield Written(entry.name, entry.read_text("utf-8"))


def own(folder: Path) -> Iterator[Written]:
    """Yield the operator's manifests, by file name; a folder that is not there has none."""
    for path in sorted(folder.glob(f"*{ENDING}")):
        yield written(path)


def written(path: Path) -> Written:
    """Return what stands in a file."""
    try:
        with path.open(encoding="utf-8") as file:
            return Written(path.name, file.read(LONGEST + 1))
    except (OSError, UnicodeDecodeError) as error:
        return Written(path.name, "", getattr(error, "strerror", None) or type(error).__name__)


def put(folder: Path, name: str, text: str) -> Path:
    """Write a manifest into the operator's folder, in one step; one of the same service is replaced.

    Raises:
        Misconfigured: the folder cannot be written.
    """
    room = folder / f".{os.getpid()}-{secrets.token_hex(4)}.part"
    place = folder / f"{name}{ENDING}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        room.write_text(text, encoding="utf-8")
        room.replace(place)
    except OSError as error:
        raise Misconfigured(f"The folder of services cannot be written: {error.strerror}.") from error
    finally:
        room.unlink(missing_ok=True)
    return place


def remove(folder: Path, name: str) -> bool:
    """Remove the manifests of a service from the operator's folder; return whether there were any.

    Raises:
        Misconfigured: the folder cannot be written.
    """
    found = [path for path in folder.glob(f"*{ENDING}") if path.stem == name or _names(path) == name]
    try:
        for path in found:
            path.unlink()
    except OSError as error:
        raise Misconfigured(f"The service {name} cannot be removed: {error.strerror}.") from error
    return bool(found)


def _names(path: Path) -> str:
    try:
        return written(path).read().name
    except Misconfigured:
        return ""
