"""Sprites and backgrounds out of real clips: the middle of many pictures is the empty place, the difference is the thing."""

from collections.abc import Sequence

import cv2
import numpy as np

from vedette.model.frame import Image

DIFFERENT = 22.0
"""Grey levels in one of the colours from which on a pixel belongs to the thing."""


def empty_place(pictures: Sequence[Image]) -> Image:
    """Return the median of pictures of a still camera, (height, width, 3): what moves through is gone."""
    middle: Image = np.median(np.stack(pictures), axis=0).astype(np.uint8)
    return middle


def cut_out(picture: Image, empty: Image, box: tuple[float, float, float, float]) -> Image | None:
    """Return what is in a box and not in the empty place, as (height, width, 4) with soft edges, or None if nothing is.

    Args:
        picture: (height, width, 3), blue first.
        empty: the same place without it.
        box: left, top, right, bottom in pixels.
    """
    height, width = picture.shape[:2]
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    right, bottom = min(width, round(box[2])), min(height, round(box[3]))
    if right - left < 4 or bottom - top < 4:
        return None
    area = np.s_[top:bottom, left:right]
    apart = cv2.absdiff(picture[area], empty[area]).max(axis=2)
    mask = (cv2.GaussianBlur(apart, (3, 3), 0) > DIFFERENT).astype(np.uint8) * 255
    size = max(3, (right - left) // 8 | 1)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)).astype(np.uint8)
    rims, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    large = [rim for rim in rims if cv2.contourArea(rim) >= 0.05 * mask.size]
    if not large:
        return None
    whole = np.zeros_like(mask)
    cv2.drawContours(whole, large, -1, 255, -1)
    x, y, wide, high = cv2.boundingRect(np.concatenate(large))
    alpha = cv2.GaussianBlur(whole, (3, 3), 0)
    return np.dstack([picture[area], alpha])[y : y + high, x : x + wide].astype(np.uint8)
