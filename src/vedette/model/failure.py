"""An error as it travels between processes."""

from dataclasses import dataclass
from typing import Self

from vedette.model.errors import VedetteError


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it travels: `code` and `message` as in a task's `error`."""

    code: str
    message: str

    @classmethod
    def of(cls, error: VedetteError) -> Self:
        """Return an error as it travels."""
        return cls(error.code, error.message)
