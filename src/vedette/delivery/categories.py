"""Which kinds of picture an output asks for, by the documented names of `data_category`."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from vedette.model.pictures import Pictures

ORIGIN_IMAGE: Final = "OriginImage"
"""The whole picture of an event, with what was found drawn on it."""
FACE_IMAGE: Final = "FaceImage"
"""The part of the picture that an event is about, cut out; faces have it."""


class Sent(NamedTuple):
    """The pictures of an event that an output gets, JPEG.

    Attributes:
        picture: the part that the event is about, or else the whole picture.
        origin: the whole picture of an event about a part.
    """

    picture: bytes | None = None
    origin: bytes | None = None


def wants(kind: str, categories: Iterable[str] | None) -> bool:
    """Return whether an output wants pictures of a kind: it does if it names it, or names nothing."""
    named = tuple(categories or ())
    return not named or kind in named


def sent(kept: Pictures, categories: Iterable[str] | None) -> Sent:
    """Return what an output gets of the pictures that were kept of an event."""
    named = tuple(categories or ())
    whole = kept.whole if wants(ORIGIN_IMAGE, named) else None
    if kept.cut is None:
        return Sent(whole)
    return Sent(kept.cut if wants(FACE_IMAGE, named) else None, whole)


def lacking(categories: Iterable[str] | None, *, cuts: bool) -> list[str]:
    """Return the kinds that are named and that no event of a service has.

    Args:
        cuts: whether the service has events about a part of the picture.
    """
    given = {ORIGIN_IMAGE, FACE_IMAGE} if cuts else {ORIGIN_IMAGE}
    return [name for name in categories or () if name not in given]
