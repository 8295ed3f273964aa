"""The page: figures side by side, curves, and what was missed or false, as pictures. One file, no address outside it."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Final, TypeVar

from vedette.evaluation import drawings
from vedette.evaluation.scores import Scores

STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; color: #1d2430; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 2em; border-top: 1px solid #d5dae2; padding-top: 1em; }
table { border-collapse: collapse; margin: 0.8em 0; } td, th { padding: 0.25em 0.9em; border-bottom: 1px solid #e3e7ed; text-align: right; }
td:first-child, th:first-child { text-align: left; } td.best { font-weight: 600; }
figure { display: inline-block; margin: 0.4em; vertical-align: top; } figure img { max-width: 22em; display: block; } figcaption { font-size: 0.85em; color: #4a5568; }
svg { margin: 0.4em 1em 0.4em 0; } .note { color: #4a5568; }
@media (prefers-color-scheme: dark) { body { background: #14181f; color: #dfe5ee; } td, th, h2 { border-color: #303846; } .note, figcaption { color: #9aa7b8; } svg text { fill: #dfe5ee; } }
"""
MOST_PICTURES: Final = 60
"""Of missed and of false events of a run, so many are shown."""
Column = Sequence[Scores]
T = TypeVar("T")


def page(title: str, clips: Sequence[Column]) -> str:
    """Return the page.

    Args:
        title: of it.
        clips: of each clip its runs, the same ones in the same order.
    """
    parts = [f"<h1>{escape(title)}</h1>", *(_clip(runs) for runs in clips)]
    body = "\n".join(parts)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f"<!doctype html>\n<html lang=en><head>{head}<style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"


def _clip(runs: Column) -> str:
    first = runs[0].seen
    parts = [f"<h2>{escape(first.name)}</h2>"]
    parts += [
        f"<p class=note>{escape(run.seen.service)}: {escape(run.seen.note)}; {len(run.seen.pictures)} pictures.</p>"
        for run in runs
    ]
    parts.append(_table(runs))
    curves = [(run.seen.service, one) for run in runs for one in run.detections]
    if curves:
        parts.append(drawings.curves(curves))
    if any(run.events is not None for run in runs):
        parts.append(drawings.timeline(runs))
        parts += [_pictures(run) for run in runs]
    return "\n".join(parts)


def _table(runs: Column) -> str:
    rows = [_row(name, values) for name, values in _figures(runs) if any(value is not None for value in values)]
    head = "".join(f"<th>{escape(run.seen.service)}</th>" for run in runs)
    return f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def _row(name: str, values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    fewer = name.endswith(("missed", "false", "switches", "CPU, ms a picture", "delay, s"))
    best = (min if fewer else max)(known)
    several = len(values) > 1 and len(set(known)) > 1
    cells = (f"<td{' class=best' if several and value == best else ''}>{_number(value)}</td>" for value in values)
    return f"<tr><td>{escape(name)}</td>{''.join(cells)}</tr>"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _figures(runs: Column) -> Iterable[tuple[str, Sequence[float | None]]]:
    """Yield the name of each figure, and its value of each run."""
    for label in dict.fromkeys(one.label for run in runs for one in run.detections):
        ours = [next((one for one in run.detections if one.label == label), None) for run in runs]
        named = f"{label}: " if label else ""
        yield f"{named}AP50", _each(ours, lambda one: one.ap50)
        yield f"{named}AP", _each(ours, lambda one: one.ap)
        yield f"{named}best F1", _each(ours, lambda one: one.curve.best()[0])
    tracks = [run.tracking for run in runs]
    yield "MOTA", _each(tracks, lambda one: one.clear.mota)
    yield "IDF1", _each(tracks, lambda one: one.identity.idf1)
    yield "HOTA", _each(tracks, lambda one: one.hota.hota)
    yield "boxes missed", _each(tracks, lambda one: one.clear.missed)
    yield "boxes false", _each(tracks, lambda one: one.clear.false)
    yield "switches", _each(tracks, lambda one: one.clear.switches)
    events = [run.events for run in runs]
    yield "events: precision", _each(events, lambda one: one.precision)
    yield "events: recall", _each(events, lambda one: one.recall)
    yield "events: F1", _each(events, lambda one: one.f1)
    yield "events missed", _each(events, lambda one: len(one.missed))
    yield "events false", _each(events, lambda one: len(one.false))
    yield "events: median delay, s", _each(events, lambda one: one.median_delay)
    yield "CPU, ms a picture", [run.cpu_ms for run in runs]


def _each(ones: Sequence[T | None], figure: Callable[[T], float | None]) -> Sequence[float | None]:
    return [None if one is None else figure(one) for one in ones]


def _pictures(run: Scores) -> str:
    if run.events is None:
        return ""
    kept = run.seen.kept
    missed = [
        _figure(kept.get(event.time), f"missed: {event.kind or 'event'} at {event.time:.1f} s")
        for event in run.events.missed
    ]
    false = [_figure(event.picture, f"false: {event.kind} at {event.time:.1f} s") for event in run.events.false]
    shown = "".join((*missed[:MOST_PICTURES], *false[:MOST_PICTURES]))
    return f"<h3>{escape(run.seen.service)}: missed and false</h3>{shown or '<p class=note>None.</p>'}"


def _figure(jpeg: bytes | None, caption: str) -> str:
    image = f'<img alt="" src="data:image/jpeg;base64,{b64encode(jpeg).decode()}">' if jpeg else ""
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"
