"""Curves and time lines of the page, as SVG."""

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np

from vedette.evaluation.scores import Detection, Scores

COLOURS: Final = ("#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#b83280", "#4a5568")
WIDE, HIGH, EDGE = 420, 300, 42
LONG, LANE = 900, 26
POINTS: Final = 200
"""Of a curve, so many are drawn."""


def curves(named: Sequence[tuple[str, Detection]]) -> str:
    """Return precision over recall at an overlap of 0.5, a curve for each run and class."""
    parts = [_frame("recall", "precision")]
    for number, (name, one) in enumerate(named):
        colour, drawn = COLOURS[number % len(COLOURS)], one.curve
        last = len(drawn.recall) - 1
        chosen: list[int] = [] if last < 0 else np.unique(np.linspace(0, last, POINTS).astype(int)).tolist()
        points = " ".join(f"{_x(drawn.recall[at]):.1f},{_y(drawn.precision[at]):.1f}" for at in chosen)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        words = escape(f"{name} {one.label} {one.ap50:.3f}")
        parts.append(
            f'<text x="{EDGE + 8}" y="{HIGH - EDGE - 10 - 16 * number}" fill="{colour}" style="fill:{colour}">{words}</text>'
        )
    return f'<svg width="{WIDE}" height="{HIGH}" role="img" font-size="12">{"".join(parts)}</svg>'


def _frame(across: str, up: str) -> str:
    marks = "".join(
        f'<text x="{_x(at):.0f}" y="{HIGH - EDGE + 16}" text-anchor="middle">{at:g}</text>'
        f'<text x="{EDGE - 6}" y="{_y(at) + 4:.0f}" text-anchor="end">{at:g}</text>'
        for at in (0, 0.25, 0.5, 0.75, 1)
    )
    box = (
        f'<rect x="{EDGE}" y="12" width="{WIDE - EDGE - 12}" height="{HIGH - EDGE - 12}" fill="none" stroke="#a0aec0"/>'
    )
    return f'{box}{marks}<text x="{WIDE / 2:.0f}" y="{HIGH - 8}" text-anchor="middle">{across}</text><text x="4" y="10">{up}</text>'


def _x(share: float) -> float:
    return EDGE + float(share) * (WIDE - EDGE - 12)


def _y(share: float) -> float:
    return 12 + (1 - float(share)) * (HIGH - EDGE - 12)


def timeline(runs: Sequence[Scores]) -> str:
    """Return the events along the clip: the truth above, then a lane for each run; missed and false ones are red."""
    ends = [picture.time for run in runs for picture in run.seen.pictures[-1:]]
    length = max([*ends, 1.0])
    lanes = [run for run in runs if run.events is not None]
    parts = []
    if lanes and lanes[0].events is not None:
        true = [*(wanted for wanted, _ in lanes[0].events.pairs), *lanes[0].events.missed]
        parts.append(_lane(0, "truth", [(event.time, "#2f855a") for event in true], length))
    for number, run in enumerate(lanes, 1):
        assert run.events is not None
        marks = [(told.time, "#2b6cb0") for _, told in run.events.pairs]
        marks += [(told.time, "#e53e3e") for told in run.events.false]
        parts.append(_lane(number, run.seen.service, marks, length))
        parts += [_cross(event.time / length, number) for event in run.events.missed]
    height = LANE * (len(lanes) + 1) + 20
    scale = f'<text x="160" y="{height - 4}">0 s</text><text x="{LONG}" y="{height - 4}" text-anchor="end">{length:.0f} s</text>'
    return f'<svg width="{LONG + 8}" height="{height}" role="img" font-size="12">{"".join(parts)}{scale}</svg>'


def _lane(number: int, name: str, marks: Sequence[tuple[float, str]], length: float) -> str:
    middle = LANE * number + LANE / 2
    dots = "".join(
        f'<circle cx="{_along(time / length):.1f}" cy="{middle}" r="4" fill="{colour}"><title>{time:.2f} s</title></circle>'
        for time, colour in marks
    )
    line = f'<line x1="160" x2="{LONG}" y1="{middle}" y2="{middle}" stroke="#a0aec0"/>'
    return f'<text x="0" y="{middle + 4}">{escape(name[:26])}</text>{line}{dots}'


def _cross(share: float, number: int) -> str:
    x, y = _along(share), LANE * number + LANE / 2
    return f'<path d="M{x - 4:.1f} {y - 4}l8 8m0 -8l-8 8" stroke="#e53e3e" stroke-width="2"/>'


def _along(share: float) -> float:
    return 160 + share * (LONG - 160)
