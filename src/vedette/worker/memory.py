"""What a run keeps in its checkpoints: the algorithm's state, and under which configuration it was made.

A run may be given another configuration half-way. What is seen from then on is seen under the new one, and what came
before must never be told again under it: a run that has to begin afresh then begins where the configuration changed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from vedette.algorithms.base import PlainState
from vedette.algorithms.state import pack, unpack
from vedette.model.frame import Position
from vedette.model.stream import Checkpoint, TaskRun

_VERSION: Final = -1
"""Of this file's shape; below 0, so that it is never taken for the state of an algorithm."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The last picture that was seen under an earlier configuration, and how many there were by then."""

    position: Position
    frames: int

    @classmethod
    def of(cls, point: Checkpoint) -> "Origin":
        """Return the place of a checkpoint."""
        return cls(point.position, point.frames)

    def checkpoint(self) -> Checkpoint:
        """Return it as a place to go on from, without a short way to it: the file is decoded up to there."""
        return Checkpoint(self.position, None, None, self.frames)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a checkpoint holds.

    Attributes:
        config: name of the configuration.
        version: of the algorithm's state.
        state: what the algorithm knew, or None if it says nothing.
        origin: where the configuration became what it is; None for the start of the run.
    """

    config: str
    version: int
    state: PlainState | None
    origin: Origin | None

    def pack(self) -> bytes:
        """Return it as bytes.

        Raises:
            TypeError: the state is not plain.
        """
        origin = None
        if self.origin is not None:
            place = self.origin.position
            origin = [place.connection, place.index, place.time_us, self.origin.frames]
        return pack({"config": self.config, "version": self.version, "state": self.state, "origin": origin}, _VERSION)

    @classmethod
    def unpack(cls, data: bytes) -> "Memory | None":
        """Return what `pack` made, or None for anything else."""
        found = unpack(data, _VERSION)
        if found is None:
            return None
        try:
            return cls(str(found["config"]), int(found["version"]), found["state"], _origin(found["origin"]))
        except (KeyError, TypeError, ValueError):
            return None


def config_name(spec: TaskRun) -> str:
    """Return a short name for what an algorithm is made from."""
    made_from: Mapping[str, Any] = {
        "service": spec.service,
        "version": spec.service_version,
        "config": spec.config,
    }
    return hashlib.sha256(msgspec.json.encode(made_from, order="deterministic")).hexdigest()[:16]


def _origin(found: Any) -> Origin | None:
    if found is None:
        return None
    connection, index, time_us, frames = found
    return Origin(Position(connection, index, time_us), frames)
