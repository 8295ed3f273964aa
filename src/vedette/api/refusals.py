"""How refusals look in the OpenAPI document: by status, in the dialect of the operation, with an example of each kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vedette.api.errors import body, identity_status_of, keystone_body, status_of
from vedette.api.schema_book import REF
from vedette.api.vas_errors import BEFORE, CODES
from vedette.model.errors import VedetteError
from vedette.schemas.errors import ErrorBody, KeystoneErrorBody
from vedette.schemas.vas_info import VasError


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal as it is sent.

    Attributes:
        model: name of its schema.
        name: name of the example.
        summary: what happened, in general.
    """

    status: int
    model: str
    name: str
    summary: str
    body: dict[str, Any]


Dialect = Callable[[VedetteError], Refusal]


def dialects(operation: dict[str, Any], path: str) -> list[Dialect]:
    """Return the shapes in which an operation refuses."""
    if path.startswith("/v3"):
        return [_keystone]
    if operation["operationId"].startswith("Vas"):
        return [_vas]
    return [_six_keys, _vas] if operation["operationId"] in {"CreateTask", "CreateTaskV1"} else [_six_keys]


def refused(shapes: Sequence[Dialect], errors: Sequence[VedetteError]) -> dict[str, Any]:
    """Return the refusals of an operation by status."""
    all_of_them = [shape(error) for shape in shapes for error in errors]
    answers = {}
    for status in sorted({refusal.status for refusal in all_of_them}):
        mine = [refusal for refusal in all_of_them if refusal.status == status]
        models = [{"$ref": REF.format(model=name)} for name in dict.fromkeys(refusal.model for refusal in mine)]
        codes = ", ".join(dict.fromkeys(f"`{refusal.body['error_code']}`" for refusal in mine))
        answers[str(status)] = {
            "description": f"Refused: {codes}.",
            "content": {
                "application/json": {
                    "schema": models[0] if len(models) == 1 else {"anyOf": models},
                    "examples": {refusal.name: {"summary": refusal.summary, "value": refusal.body} for refusal in mine},
                }
            },
        }
    return answers


def _six_keys(error: VedetteError) -> Refusal:
    return Refusal(status_of(error), ErrorBody.__name__, type(error).__name__, _summary(error), body(error))


def _keystone(error: VedetteError) -> Refusal:
    if isinstance(error, BEFORE):
        return _six_keys(error)
    name = KeystoneErrorBody.__name__
    return Refusal(identity_status_of(error), name, type(error).__name__, _summary(error), keystone_body(error))


def _vas(error: VedetteError) -> Refusal:
    if isinstance(error, BEFORE):
        return _six_keys(error)
    status, code = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    said = {"error_code": code, "error_msg": error.message}
    return Refusal(status, VasError.__name__, f"{type(error).__name__}InVas", _summary(error), said)


def _summary(error: VedetteError) -> str:
    return (type(error).__doc__ or "").strip().splitlines()[0]
