"""Truth from masks of what moves: a folder or a zip of PNG files, one for each picture, as changedetection.net has them."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.evaluation.truth import Boxes, Coordinates, Truth

MOVING, UNKNOWN, OUTSIDE = 255, 170, 85
"""Values of a mask; others are still things and shadows."""
SMALLEST: Final = 0.002
"""Share of the picture that a patch must have to be a thing."""
LARGEST: Final = 1 << 24
"""Bytes that a mask may have, unpacked."""
_NUMBER: Final = re.compile(r"(\d+)\D*\.png$", re.IGNORECASE)


def read_masks(path: Path, scale: float) -> Truth:
    """Return the patches that move as boxes, and those of which nobody knows as ignored ones.

    The last number in a file's name is that of its picture, from 1.

    Raises:
        ValueError: a file is no picture, or too large, or there is none with a number.
    """
    pictures = {}
    for name, content in _files(path):
        number = _NUMBER.search(name)
        if number is None:
            continue
        mask = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
        if mask is None:
            raise ValueError(f"{name} is no picture")
        pictures[int(number[1]) - 1] = _boxes(np.asarray(mask, np.uint8), scale)
    if not pictures:
        raise ValueError("there is no PNG with a number in its name")
    return Truth(dict(sorted(pictures.items())))


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.glob("*.png")):
            if file.stat().st_size <= LARGEST:
                yield file.name, file.read_bytes()
        return
    with zipfile.ZipFile(path) as packed:
        for entry in packed.infolist():
            if entry.file_size > LARGEST:
                raise ValueError(f"{entry.filename} is too large")
            if not entry.is_dir():
                yield entry.filename, packed.read(entry)


def _boxes(mask: NDArray[np.uint8], scale: float) -> Boxes:
    moving, unknown = _patches(mask == MOVING), _patches((mask == UNKNOWN) | (mask == OUTSIDE))
    at = np.concatenate([moving, unknown]) * scale
    return Boxes.of(at, ignored=np.arange(len(at)) >= len(moving))


def _patches(chosen: NDArray[np.bool_]) -> Coordinates:
    """Return the boxes of connected patches that are large enough."""
    _, _, found, _ = cv2.connectedComponentsWithStats(chosen.astype(np.uint8), connectivity=8)
    large = found[1:][found[1:, cv2.CC_STAT_AREA] >= SMALLEST * chosen.size].astype(np.float64)
    return np.concatenate([large[:, :2], large[:, :2] + large[:, 2:4]], axis=1)
