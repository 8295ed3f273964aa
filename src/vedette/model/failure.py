"""An error as it travels between processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it travels: `code` and `message` as in a task's `error`."""

    code: str
    message: str
