"""Services written down for tests, and scripts of what their models see."""

from collections.abc import Callable, Mapping
from typing import Any

from vedette.algorithms.composed.compose import compose
from vedette.algorithms.composed.manifest import parse
from vedette.algorithms.composed.service import Composed
from vedette.model.detection import Detections
from vedette.testing import seen, together

NUMBER = 0x7F80_0001
BASE = """
name = "thing"
services = { cloud = "x-thing-cloud" }
title_en = "Thing"
title_cn = "物"
model = { role = "things" }
"""
ONE = 'categories = [{ name = "thing" }]\n'
EVENT = f'events = [{{ number = {NUMBER}, name = "thing", fields = ["bounding_box", "detection_id"] }}]\n'

Box = tuple[float, float, float, float]
Sees = Callable[[float], Detections]


def service(*parts: str) -> type[Composed]:
    """Return the algorithm that a manifest of these parts describes."""
    return compose(parse(BASE + "".join(parts), "test"))


def rules(*rows: str) -> str:
    return f"rules = [{', '.join('{ ' + row + ' }' for row in rows)}]\n"


def scene(labels: tuple[str, ...], things: Mapping[str, Callable[[float], Box | None]]) -> Sees:
    """Return what a model sees: for each label one thing, where its function of time puts it."""

    def sees(time: float) -> Detections:
        found: list[Any] = [seen(label=labels[0], labels=labels)]
        for label, where in things.items():
            box = where(time)
            if box is not None:
                found.append(seen(box, label=label, labels=labels))
        return together(*found)

    return sees


def at(box: Box, since: float = 0.0, until: float = 1e9) -> Callable[[float], Box | None]:
    """Return where a thing is that stands in one place for a while."""
    return lambda time: box if since <= time < until else None


def moving(start: Box, speed: tuple[float, float]) -> Callable[[float], Box | None]:
    """Return where a thing is that moves, pixels a second."""

    def where(time: float) -> Box:
        dx, dy = speed[0] * time, speed[1] * time
        return start[0] + dx, start[1] + dy, start[2] + dx, start[3] + dy

    return where
