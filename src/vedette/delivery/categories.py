"""Which kinds of picture an output asks for, by the documented names of `data_category`."""

from collections.abc import Iterable
from typing import Final

ORIGIN_IMAGE: Final = "OriginImage"
"""The whole picture of an event, with what was found drawn on it."""
GIVEN: Final = frozenset({ORIGIN_IMAGE})
"""Kinds that this service has. The documented `FaceImage`, cut out around a face, it has not."""


def wants_picture(categories: Iterable[str] | None) -> bool:
    """Return whether an output wants the pictures of its events: it does if it names them, or names nothing."""
    named = tuple(categories or ())
    return not named or ORIGIN_IMAGE in named


def lacking(categories: Iterable[str] | None) -> list[str]:
    """Return the kinds that are named and that no event has."""
    return [name for name in categories or () if name not in GIVEN]
