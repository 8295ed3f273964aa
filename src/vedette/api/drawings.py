"""Pictures of services, drawn here: small SVGs as data URLs."""

import base64
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

INK: Final = "#1f4e5f"
PAPER: Final = "#eef4f6"
BOX_W: Final = 150
BOX_H: Final = 48
GAP: Final = 40


def logo(title: str) -> str:
    """Return a square with the initials of a title."""
    initials = "".join(word[0] for word in title.split()[:2]).upper()
    return _data_url(
        64,
        64,
        f'<rect width="64" height="64" rx="12" fill="{INK}"/>{_text(32, 41, initials, size=26, fill=PAPER)}',
    )


def diagram(inputs: Sequence[str], title: str, outputs: Sequence[str]) -> str:
    """Return the way from the inputs through the algorithm to the outputs."""
    columns = (tuple(inputs) or ("-",), (title,), tuple(outputs) or ("-",))
    height = max(len(column) for column in columns) * (BOX_H + 16) + 16
    parts = [f'<rect width="{3 * BOX_W + 4 * GAP}" height="{height}" fill="{PAPER}"/>']
    for place, column in enumerate(columns):
        left = GAP + place * (BOX_W + GAP)
        top = (height - len(column) * (BOX_H + 16) + 16) // 2
        for row, words in enumerate(column):
            parts.append(_box(left, top + row * (BOX_H + 16), words))
        if place:
            parts.append(_arrow(left - GAP, height // 2))
    return _data_url(3 * BOX_W + 4 * GAP, height, "".join(parts))


def _box(left: int, top: int, words: str) -> str:
    frame = f'<rect x="{left}" y="{top}" width="{BOX_W}" height="{BOX_H}" rx="8" fill="white" stroke="{INK}"/>'
    return frame + _text(left + BOX_W // 2, top + BOX_H // 2 + 5, words, size=14, fill=INK)


def _arrow(left: int, middle: int) -> str:
    head = f"M{left + 6} {middle}H{left + GAP - 6}m-7 -5l7 5l-7 5"
    return f'<path d="{head}" fill="none" stroke="{INK}" stroke-width="2"/>'


def _text(x: int, y: int, words: str, *, size: int, fill: str) -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="sans-serif" font-size="{size}" text-anchor="middle" '
        f'fill="{fill}">{escape(words)}</text>'
    )


def _data_url(width: int, height: int, inner: str) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{inner}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
