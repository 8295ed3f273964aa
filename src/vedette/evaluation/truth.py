"""The truth of a clip, whatever file it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Coordinates: TypeAlias = NDArray[np.float64]
"""(n, 4): left, top, right, bottom in pixels of the clip."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """The things in one picture, in truth or as they were seen.

    Attributes:
        at: (n, 4) left, top, right, bottom in pixels.
        ids: (n,) who it is, along the clip; -1: nobody said.
        labels: n names of classes; empty names: nobody said.
        scores: (n,) how sure, 0..1; the truth is sure.
        ignored: (n,) whether it is no fault to see it, and none to miss it.
    """

    at: Coordinates
    ids: NDArray[np.int64]
    labels: tuple[str, ...]
    scores: NDArray[np.float64]
    ignored: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        at: Coordinates,
        *,
        ids: NDArray[np.int64] | None = None,
        labels: tuple[str, ...] | None = None,
        scores: NDArray[np.float64] | None = None,
        ignored: NDArray[np.bool_] | None = None,
    ) -> "Boxes":
        """Return boxes of which nothing else need be known."""
        n = len(at)
        return cls(
            at.reshape(n, 4),
            np.full(n, -1, np.int64) if ids is None else ids,
            ("",) * n if labels is None else labels,
            np.ones(n) if scores is None else scores,
            np.zeros(n, np.bool_) if ignored is None else ignored,
        )

    @classmethod
    def none(cls) -> "Boxes":
        """Return no boxes."""
        return cls.of(np.zeros((0, 4)))

    def __len__(self) -> int:
        return len(self.at)

    def where(self, chosen: NDArray[np.bool_]) -> "Boxes":
        """Return the chosen ones."""
        labels = tuple(label for label, wanted in zip(self.labels, chosen, strict=True) if wanted)
        return Boxes(self.at[chosen], self.ids[chosen], labels, self.scores[chosen], self.ignored[chosen])

    def of_label(self, label: str) -> "Boxes":
        """Return those of a class; those of no class count for each."""
        return self.where(np.array([own in ("", label) for own in self.labels], np.bool_))


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """Something that a service ought to tell once.

    Attributes:
        kind: name of the kind of event, as services have it; empty: any.
        time: seconds from the first picture.
        until: seconds; an event that lasts may be told as long as it does.
        tolerance: seconds by which it may be told earlier or later.
    """

    kind: str
    time: float
    until: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a clip.

    Attributes:
        pictures: ordinal of the decoded picture, from 0, to what is in it; a picture that is not here was not looked at.
        tracked: whether the boxes say who is who.
        events: None: nobody said which events there are.
    """

    pictures: Mapping[int, Boxes] = field(default_factory=dict)
    tracked: bool = False
    events: tuple[TrueEvent, ...] | None = None

    def plus(self, other: "Truth") -> "Truth":
        """Return what both know; of one picture only one of them should."""
        events = None if self.events is other.events is None else (*(self.events or ()), *(other.events or ()))
        return Truth({**self.pictures, **other.pictures}, self.tracked or other.tracked, events)
