"""What a destination has in the end, held against what the service says it told."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Arrival(NamedTuple):
    """What a destination took once.

    Attributes:
        message: without its picture.
        whole: whether there was a picture, from its first mark to its last.
    """

    id: str
    message: dict[str, Any]
    whole: bool


def arrival(body: bytes) -> Arrival:
    """Read a message that carries its picture."""
    message = json.loads(body)
    return Arrival(message["message_id"], message, is_jpeg(base64.b64decode(message.pop("image_base64", ""))))


def is_jpeg(data: bytes) -> bool:
    return data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A line of the table.

    Attributes:
        expected: events that an undisturbed run tells.
        stored: events of the event center.
        received: of these, how many came whole.
        lost: expected, and not received.
        doubled: told under an id that is no event's, or beyond what is expected: a receiver that keeps ids sees these.
        repeats: came again under an id that was there: a receiver that keeps ids sees none of them.
        in_order: None where objects have names, and no order.
    """

    scenario: str
    destination: str
    expected: int
    stored: int
    received: int
    lost: int
    doubled: int
    repeats: int | None
    in_order: bool | None
    took_s: float
    drained_s: float

    @property
    def holds(self) -> bool:
        return not self.lost and not self.doubled and self.in_order is not False


def judge(
    scenario: str,
    destination: str,
    expected: int,
    events: Sequence[dict[str, Any]],
    arrivals: Sequence[Arrival],
    times: tuple[float, float],
    *,
    ordered: bool,
) -> Verdict:
    """Hold what came against the events of the event center."""
    stored = {event["id"]: event for event in events}
    seen: dict[str, Arrival] = {}
    for one in arrivals:
        seen.setdefault(one.id, one)
    good = [name for name, one in seen.items() if name in stored and one == (name, stored[name]["message"], True)]
    strangers = sum(name not in stored for name in seen)
    return Verdict(
        scenario,
        destination,
        expected,
        len(stored),
        len(good),
        lost=max(0, expected - len(good)),
        doubled=strangers + max(0, len(stored) - expected),
        repeats=len(arrivals) - len(seen) if ordered else None,
        in_order=_in_order([stored[name] for name in good]) if ordered else None,
        took_s=times[0],
        drained_s=times[1],
    )


def _in_order(events: Sequence[dict[str, Any]]) -> bool:
    """Return whether the events of each task came in the order of their numbers."""
    last: dict[str, int] = {}
    for event in events:
        if event["number"] < last.get(event["task_id"], 0):
            return False
        last[event["task_id"]] = event["number"]
    return True


HEAD = (
    "scenario", "destination", "events", "stored", "received", "lost", "twice after the id", "repeats as sent",
    "in order", "whole run, s", "drained after, s",
)  # fmt: skip


def markdown(verdicts: Sequence[Verdict]) -> str:
    """Return the table of the documentation."""
    order = {None: "-", True: "yes", False: "**NO**"}
    lines = [f"| {' | '.join(HEAD)} |", f"|{' --- |' * 2}{' ---: |' * 6} --- |{' ---: |' * 2}"]
    for one in verdicts:
        cells = (
            one.scenario, one.destination, one.expected, one.stored, one.received, one.lost, one.doubled,
            "-" if one.repeats is None else one.repeats, order[one.in_order], f"{one.took_s:.0f}", f"{one.drained_s:.1f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    return "\n".join(lines)
