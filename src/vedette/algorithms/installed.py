"""For which roles a model is installed, as those ask who run none themselves."""

import os
from pathlib import Path

from vedette.algorithms.models import ModelStore
from vedette.model.errors import ModelError

Files = frozenset[tuple[str, int]]


class InstalledRoles:
    """Answers for a folder of models; its manifests are read again when one of them has changed.

    Args:
        folder: of the models; need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: Files | None = None
        self._roles: frozenset[str] | None = None

    def __call__(self, role: str) -> bool:
        """Return whether there is a model for a role.

        Where the folder cannot be read the answer is yes: the task then says precisely what is wrong with it.
        """
        files = self._look()
        if files != self._files:
            self._files, self._roles = files, self._read()
        return self._roles is None or role in self._roles

    def _look(self) -> Files:
        try:
            with os.scandir(self._folder) as found:
                return frozenset((one.name, one.stat().st_mtime_ns) for one in found if one.name.endswith(".toml"))
        except OSError:
            return frozenset()

    def _read(self) -> frozenset[str] | None:
        try:
            return frozenset(role for one in ModelStore(self._folder).list() for role in one.manifest.roles)
        except ModelError:
            return None
