"""The model store: a folder with one `<name>.onnx` and one `<name>.toml` (its manifest) per model."""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vedette.algorithms import manifests
from vedette.algorithms.download import CHUNK, fetch
from vedette.algorithms.manifests import Described, ModelManifest
from vedette.model.errors import ModelError
from vedette.model.guard import GuardPolicy

Prove = Callable[[Path, ModelManifest], None]
LARGEST = 1 << 29
"""Bytes a model of unknown size may have."""


def _unproved(path: Path, manifest: ModelManifest) -> None:
    """Look at nothing: it is tried when it is first used."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A model in the folder.

    Attributes:
        problem: why it cannot be used; empty if it looks well (its checksum is taken when it is loaded).
    """

    manifest: ModelManifest
    path: Path
    problem: str = ""


class ModelStore:
    """Models by name, role and checksum.

    Args:
        folder: need not exist; it is made with the first model.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Return where the models are."""
        return self._folder

    def list(self) -> tuple[Installed, ...]:
        """Return the installed models, best first.

        Raises:
            ModelError: a manifest in the folder cannot be read.
        """
        found = [self._look(manifests.read(path).manifest) for path in sorted(self._folder.glob("*.toml"))]
        return tuple(sorted(found, key=lambda model: (-model.manifest.rank, model.manifest.name)))

    def find(self, role: str) -> Installed | None:
        """Return the best installed model for a role, else the one that has this as its name, else None.

        Raises:
            ModelError: a manifest in the folder cannot be read.
        """
        known = self.list()
        fits = [model for model in known if role in model.manifest.roles]
        fits += [model for model in known if role == model.manifest.name]
        return fits[0] if fits else None

    def verify(self, model: Installed) -> Path:
        """Return the model's file if it is the one its manifest describes.

        Raises:
            ModelError: it is missing, or another.
        """
        name = model.manifest.name
        if model.problem:
            raise ModelError(f"The model {name} cannot be used: {model.problem}.")
        try:
            right = checksum(model.path) == model.manifest.sha256
        except OSError as error:
            raise ModelError(f"The file of model {name} cannot be read: {error.strerror}.") from error
        if not right:
            raise ModelError(f"The file of model {name} has not the checksum of its manifest; add or pull it again.")
        return model.path

    def path(self, manifest: ModelManifest) -> Path:
        """Return where the file of a model is, or would be."""
        return self._folder / f"{manifest.name}.onnx"

    def add(self, file: Path, manifest: Path | None = None, *, prove: Prove = _unproved) -> ModelManifest:
        """Take a model file into the store.

        Args:
            file: the model; it is copied.
            manifest: its manifest; may be left out for a file that the catalogue knows by its checksum.
            prove: raises if the file does not work; it is not taken in then.

        Raises:
            ModelError: the file cannot be read, is not the one described, or nothing describes it.
        """
        given = None if manifest is None else manifests.read(manifest)
        with self._room() as room:
            try:
                size, digest = file.stat().st_size, hashlib.sha256()
                if size > LARGEST:
                    raise ModelError(f"The file {file.name} is larger than {LARGEST} bytes.")
                with file.open("rb") as source, room.open("xb") as copy:
                    while chunk := source.read(CHUNK):
                        digest.update(chunk)
                        copy.write(chunk)
            except OSError as error:
                raise ModelError(f"The file {file.name} cannot be taken in: {error.strerror}.") from error
            return self._settle(room, digest.hexdigest(), given, prove)

    def pull(
        self,
        what: str,
        policy: GuardPolicy,
        manifest: Path | None = None,
        *,
        prove: Prove = _unproved,
    ) -> ModelManifest:
        """Fetch a model from its origin, or from an address, and take it in.

        Args:
            what: a name of the catalogue, or an http(s) address.
            policy: which addresses may be reached.
            manifest: of the file; may be left out for what the catalogue knows.
            prove: raises if the file does not work; it is not taken in then.

        Raises:
            ModelError: the name is not known, the address does not serve, or the file is not the one described.
                Nothing is left behind then.
        """
        given = None if manifest is None else manifests.read(manifest)
        url = what
        if "://" not in what:
            given = given or next((entry for entry in manifests.catalogue() if entry.manifest.name == what), None)
            if given is None or not given.manifest.origin:
                known = ", ".join(entry.manifest.name for entry in manifests.catalogue())
                raise ModelError(f"No model {what} is known; known are: {known}.")
            url = given.manifest.origin
        with self._room() as room:
            most = LARGEST if given is None else given.manifest.size
            return self._settle(room, fetch(url, room, most, policy), given, prove)

    def remove(self, name: str) -> None:
        """Take a model out, with what was measured of it; the manifest goes first, for it makes the model visible.

        Raises:
            ModelError: there is no such model, or it cannot be removed.
        """
        if name not in {model.manifest.name for model in self.list()}:
            raise ModelError(f"No model {name} is installed.")
        try:
            for end in ("toml", "onnx", "measured.json"):
                (self._folder / f"{name}.{end}").unlink(missing_ok=True)
        except OSError as error:
            raise ModelError(f"The model {name} cannot be removed: {error.strerror}.") from error

    def _settle(self, room: Path, sha256: str, given: Described | None, prove: Prove) -> ModelManifest:
        """Give a checked file its place; the manifest comes last, for it makes the model visible."""
        known = given or next((entry for entry in manifests.catalogue() if entry.manifest.sha256 == sha256), None)
        if known is None:
            raise ModelError("The catalogue does not know this file: give its manifest.")
        if sha256 != known.manifest.sha256:
            raise ModelError(f"The checksum of the file is not that of model {known.manifest.name}.")
        prove(room, known.manifest)
        name = known.manifest.name
        note = room.with_suffix(".manifest")
        try:
            note.write_text(known.text, encoding="utf-8")
            room.replace(self._folder / f"{name}.onnx")
            note.replace(self._folder / f"{name}.toml")
        except OSError as error:
            raise ModelError(f"The model {name} cannot be stored: {error.strerror}.") from error
        finally:
            note.unlink(missing_ok=True)
        return known.manifest

    def _look(self, manifest: ModelManifest) -> Installed:
        path = self._folder / f"{manifest.name}.onnx"
        if not path.is_file():
            return Installed(manifest, path, "its file is missing")
        if path.stat().st_size != manifest.size:
            return Installed(manifest, path, "its file has not the size of the manifest")
        return Installed(manifest, path)

    @contextmanager
    def _room(self) -> Iterator[Path]:
        """Yield the path of a file to write to, in the folder, that is gone afterwards."""
        path = self._folder / f".{os.getpid()}-{secrets.token_hex(4)}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            yield path
        except OSError as error:
            raise ModelError(f"The folder of models cannot be written: {error.strerror}.") from error
        finally:
            path.unlink(missing_ok=True)


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
