"""The error document: six keys, always all of them."""

from vedette.schemas.common import Wire


class ErrorBody(Wire):
    """What every refusal looks like; `params` names the field at fault, or nothing."""

    error_code: str
    error_msg: str
    detail: str
    params: list[str]
    reason: str
    advice: str
