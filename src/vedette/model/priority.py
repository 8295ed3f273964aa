"""Who comes first where there is not room for all."""

from enum import StrEnum


class Priority(StrEnum):
    """How important a task is, in the words of the wire."""

    HIGH = "high"
    MIDDLE = "middle"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Return its place in the line: the least is served first."""
        return list(Priority).index(self)


USUAL = Priority.LOW
"""Of a task that says nothing."""
