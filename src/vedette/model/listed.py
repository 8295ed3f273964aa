"""Tasks as lists show them."""

from typing import NamedTuple

from vedette.model.lifecycle import State


class ListedTask(NamedTuple):
    """What a list shows of a `Task`, under the same names; a tuple, as a thousand of them are made for one answer.

    Attributes:
        sealed: its document, as the vault sealed it.
    """

    id: str
    project_id: str
    creator: str
    sealed: bytes
    state: State
    created_at: int
    updated_at: int
    status: str
    error_code: str | None
    error_message: str | None
    activated: bool | None
    warnings: tuple[str, ...]
