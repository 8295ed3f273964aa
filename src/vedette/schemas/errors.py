"""The error document: six keys, always all of them."""

from vedette.schemas.common import Wire


class ErrorBody(Wire):
    """What every refusal looks like; `params` names the field at fault, or nothing."""

    error_code: str
    """One of the documented codes."""
    error_msg: str
    """What is wrong, in short."""
    detail: str
    """What happened, in this case."""
    params: list[str]
    """Name of the field at fault, or nothing."""
    reason: str
    """What the code stands for."""
    advice: str
    """What to do about it."""


class KeystoneError(Wire):
    """What clients of the identity service read."""

    code: int
    """The HTTP status."""
    message: str
    """What happened."""
    title: str
    """Name of the status."""


class KeystoneErrorBody(ErrorBody):
    """A refusal of the identity service: Keystone's `error` beside the six keys."""

    error: KeystoneError
    """The same in Keystone's words."""
