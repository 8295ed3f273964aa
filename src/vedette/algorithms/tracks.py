"""What the tracker remembers, as columns, and how like two sets of boxes are."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.base import PlainState
from vedette.algorithms.boxes import Floats, areas, overlap
from vedette.algorithms.kalman import Columns, Motion

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
_MOTION = tuple(f.name for f in fields(Motion))


@dataclass(slots=True)
class Tracks:
    """The living tracks, as columns of n rows.

    Attributes:
        hits: how often each was seen.
        belief: the sum of the scores it was seen with.
        seen: when it was last seen, seconds.
        still: whether it stood then.
        born: (n, 2) where its centre was at first.
        roamed: whether it has been elsewhere since.
        votes: (n, classes) sums of scores.
        look: (n, d) how it looks; d is 0 as long as nobody says.
        looks: how often its looks were seen undisturbed.
    """

    ids: Rows
    centre: Columns
    size: Columns
    speed: Columns
    covariance: Columns
    hits: Rows
    belief: Columns
    seen: Columns
    still: Mask
    born: Columns
    roamed: Mask
    votes: Columns
    look: NDArray[np.float32]
    looks: Rows

    @classmethod
    def none(cls, kinds: int, numbers: int = 0) -> "Tracks":
        """Return no tracks, of so many classes and numbers of looks."""
        whole, yes = np.zeros(0, np.int64), np.zeros(0, np.bool_)

        def flat(*shape: int) -> Columns:
            return np.zeros((0, *shape))

        return cls(
            whole, flat(2), flat(2), flat(2), flat(3), whole, flat(), flat(), yes, flat(2), yes, flat(kinds),
            flat(numbers).astype(np.float32), whole,
        )  # fmt: skip

    def where(self, chosen: Rows | Mask) -> "Tracks":
        """Return the chosen rows, by index or by mask."""
        return Tracks(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def plus(self, other: "Tracks") -> "Tracks":
        """Return these rows and then the other's."""
        return Tracks(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

    def motion(self, rows: Rows | slice = slice(None)) -> Motion:
        """Return where the chosen ones are and how they move."""
        return Motion(*(getattr(self, name)[rows] for name in _MOTION))

    def move(self, motion: Motion, rows: Rows | slice = slice(None)) -> None:
        """Put the chosen ones where they are now."""
        for name in _MOTION:
            getattr(self, name)[rows] = getattr(motion, name)

    @property
    def boxes(self) -> Columns:
        """(n, 4): left, top, right, bottom."""
        return np.concatenate([self.centre - self.size / 2, self.centre + self.size / 2], axis=1)

    def state(self) -> PlainState:
        """Return the columns."""
        return {f.name: getattr(self, f.name).copy() for f in fields(self)}

    @classmethod
    def restored(cls, state: PlainState) -> "Tracks":
        """Return the tracks that `state` gave."""
        return cls(**{f.name: np.array(state[f.name]) for f in fields(cls)})


def likeness(tracks: Columns, found: Columns, margin: float, heights: float) -> Columns:
    """Return the (n, m) overlap of boxes that are grown by a share of their size on each side.

    Args:
        tracks: (n, 4) boxes.
        found: (m, 4) boxes.
        margin: small boxes jump further than they are wide.
        heights: power of the overlap of their upper and lower ends, by which it is multiplied: people at different
            distances differ in height (Yang et al., Hybrid-SORT, 2024).
    """
    one, other = _grown(tracks, margin), _grown(found, margin)
    shared = np.minimum(one[:, None, 3], other[None, :, 3]) - np.maximum(one[:, None, 1], other[None, :, 1])
    both = np.maximum(one[:, None, 3], other[None, :, 3]) - np.minimum(one[:, None, 1], other[None, :, 1])
    return np.asarray(overlap(one, other) * np.clip(shared / np.maximum(both, 1e-9), 0, 1) ** heights)


def covered(behind: Columns, front: Columns) -> Columns:
    """Return the (n, m) share of each box that another one covers which stands nearer, its lower edge being lower."""
    near, far = np.maximum(behind[:, None, :2], front[None, :, :2]), np.minimum(behind[:, None, 2:], front[None, :, 2:])
    share = np.clip(far - near, 0, None).prod(axis=2) / np.maximum(areas(behind)[:, None], 1e-9)
    least = behind[:, 3] - 0.05 * (behind[:, 3] - behind[:, 1])
    return np.where(front[None, :, 3] > least[:, None], share, 0.0)


def inside(boxes: Columns, size: tuple[int, int]) -> Columns:
    """Return the (n,) share of each box that is in a picture of this width and height."""
    cut = np.clip(boxes, 0, np.tile(np.array(size, np.float64), 2))
    return np.asarray(areas(cut) / np.maximum(areas(boxes), 1e-9))


def apart(boxes: Floats, least: float) -> Mask:
    """Return which boxes no other one overlaps by so much."""
    same = overlap(boxes, boxes)
    np.fill_diagonal(same, 0.0)
    return np.asarray(same.max(axis=1, initial=0.0) < least)


def _grown(boxes: Columns, share: float) -> Columns:
    size = (boxes[:, 2:] - boxes[:, :2]) * share
    return np.concatenate([boxes[:, :2] - size, boxes[:, 2:] + size], axis=1)
