"""What every history of a task must be, whatever happened to it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from vedette.model.lifecycle import TRANSITIONS, State


def check_tale(moves: Sequence[dict[str, Any]]) -> None:
    """Each move is one of the table, begins where the one before it ended, and says by whom and why."""
    assert moves[0]["from"] is None, moves[0]
    assert moves[0]["to"] in ("PENDING", "STOPPED"), moves[0]
    assert all(move["cause"] and move["actor"] for move in moves), moves
    for before, after in pairwise(moves):
        assert after["from"] == before["to"], (before, after)
        assert after["to"] in TRANSITIONS[State(after["from"])].values(), after
