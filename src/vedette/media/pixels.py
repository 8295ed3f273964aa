"""From a decoder's picture to ours: a view of its luma, and colour when somebody asks."""

import threading
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from vedette.model.frame import Image

_PLANAR = ("yuv4", "yuvj4", "yuva4", "nv")
_HIGH = ("p010", "p012", "p016", "p210", "p216", "p410", "p416")
"""Formats that keep their bits at the upper end of a 16-bit word."""


class Pixels:
    """Takes pictures of one stream apart; the converters are made once and shared.

    Rotation in the container's metadata is ignored: zones and lines are drawn on the picture as it is coded.
    Luma is the coded Y (8 bits; the upper 8 of more), in whatever range the stream uses.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # colour is asked for by the analysing thread while another one decodes
        self._colour = VideoReformatter()
        self._grey = VideoReformatter()

    def luma(self, picture: VideoFrame) -> Image:
        """Return (height, width) uint8: a view of the decoder's memory where the format allows."""
        kind = picture.format
        bits = kind.components[0].bits
        if kind.name == "gray" or (kind.name.startswith(_PLANAR) and bits == 8):
            view = _plane(picture, np.uint8)
        elif bits > 8 and not kind.is_big_endian and kind.name.startswith((*_PLANAR, *_HIGH, "gray")):
            shift = 8 if kind.name.startswith(_HIGH) else bits - 8
            view = (_plane(picture, np.uint16) >> shift).astype(np.uint8)
        else:  # RGB, palettes, packed YUV
            view = _plane(self._grey.reformat(picture, format="yuv444p", threads=1), np.uint8)
        view.flags.writeable = False
        return view

    def bgr(self, picture: VideoFrame) -> Callable[[], Image]:
        """Return what converts the picture when called; it keeps the picture's memory alive."""

        def convert() -> Image:
            with self._lock:
                colour = self._colour.reformat(
                    picture,
                    format="bgr24",
                    interpolation=Interpolation.FAST_BILINEAR,
                    threads=1,  # 0, the default, starts one for each core
                )
            return np.ascontiguousarray(_plane(colour, np.uint8, 3).reshape(picture.height, picture.width, 3))

        return convert


Word = TypeVar("Word", np.uint8, np.uint16)


def _plane(picture: VideoFrame, word: type[Word], samples: int = 1) -> NDArray[Word]:
    """Return the first plane without the padding at the end of each line."""
    plane = memoryview(picture.planes[0])
    words = np.frombuffer(plane, word).reshape(picture.height, -1)
    return words[:, : picture.width * samples]
