"""The declared parameters of an algorithm: what their values may look like, how they are checked and published."""

from collections.abc import Mapping
from typing import Annotated, Any
from xml.sax.saxutils import quoteattr

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from vedette.algorithms.base import AlgorithmConfig, Manifest
from vedette.algorithms.parameter_schema import leaves
from vedette.model.errors import InvalidParameter

_SWITCH = {0: False, 1: True, "0": False, "1": True, "false": False, "true": True}


def _switch(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | str) and value in _SWITCH:
        return _SWITCH[value]
    raise ValueError("must be 0 or 1")


def _number(value: Any) -> Any:
    """Refuse what Python would silently take for a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a number")  # noqa: TRY004  Pydantic collects ValueError, and lets TypeError pass
    if isinstance(value, str) and not value.strip().lstrip("+-").replace(".", "", 1).isdecimal():
        raise ValueError("must be a number")
    return value


Switch = Annotated[bool, BeforeValidator(_switch)]
"""0 or 1, true or false; `*_sw` on the wire."""
Whole = Annotated[int, BeforeValidator(_number)]
"""A whole number, or its digits as text."""
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
"""A number, or its digits as text."""

Checked = tuple[AlgorithmConfig, tuple[str, ...]]


def check_config(manifest: Manifest, common: Mapping[str, Any] | None) -> Checked:
    """Return the configuration that `config.common` gives, and a sentence for each key that is not declared.

    Raises:
        InvalidParameter: a declared key has a value of the wrong type or out of range; `param` is the key.
    """
    given = dict(common or {})
    declared = manifest.config.model_fields
    try:
        # null is absence, as everywhere in the API
        config = manifest.config.model_validate(
            {key: value for key, value in given.items() if value is not None or key not in declared}
        )
    except ValidationError as error:
        raise _refusal(manifest, error.errors()[0]) from error
    unknown = sorted(set(given) - set(declared))
    return config, tuple(f"The parameter {key!r} is not known to {manifest.name} and has no effect." for key in unknown)


def check_defaults(manifest: Manifest, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Check values that tasks are to start from; a task may still give the others, so none is missed here.

    Returns:
        A sentence for each key that is not declared.

    Raises:
        InvalidParameter: a declared key has a value of the wrong type or out of range; `param` is the key.
    """
    declared = manifest.config.model_fields
    known = {key: value for key, value in given.items() if key in declared and value is not None}
    try:
        manifest.config.model_validate(known)
    except ValidationError as error:
        at_fault = next((found for found in error.errors() if found["type"] != "missing"), None)
        if at_fault is not None:
            raise _refusal(manifest, at_fault) from error
    unknown = sorted(set(given) - set(declared))
    return tuple(f"The key {key!r} is not known to {manifest.name} and has no effect." for key in unknown)


def _refusal(manifest: Manifest, fault: ErrorDetails) -> InvalidParameter:
    key = str(fault["loc"][0]) if fault["loc"] else "common"
    if fault["type"] == "missing":
        return InvalidParameter(f"The parameter {key} of {manifest.name} must be given.", param=key)
    reason = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ").rstrip(".")
    reason = reason if reason.startswith("must") else f"must be {reason}"
    return InvalidParameter(f"The parameter {key} of {manifest.name} {reason}.", param=key)


def task_config_xml(manifest: Manifest) -> str:
    """Return the declared parameters as the schema document that task details carry (`task_config`)."""
    return f"<algorithm><config><common>{_params(manifest)}</common></config></algorithm>"


def service_config_xml(manifest: Manifest) -> str:
    """Return what `deploy_config` may hold, as services show it: defaults for the declared parameters."""
    return f"<algorithm><deployConfig>{_params(manifest, optional=True)}</deployConfig></algorithm>"


def unit_of(manifest: Manifest, name: str) -> str:
    """Return the unit of a declared parameter's value; empty if it has none."""
    extra = manifest.config.model_fields[name].json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def _params(manifest: Manifest, *, optional: bool = False) -> str:
    params = []
    for name, field in manifest.config.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        shown = {
            "name": name,
            "titleCn": str(extra.get("title_cn", name)),
            "titleEn": field.title or name,
            "required": "true" if field.is_required() and not optional else "false",
            "type": _type_name(field.annotation),
        }
        if field.default is not None and not field.is_required():
            shown["default"] = str(int(field.default) if isinstance(field.default, bool) else field.default)
        least, most = _limits(field.metadata, field.annotation)
        shown |= {key: str(value) for key, value in (("min", least), ("max", most)) if value is not None}
        params.append("<param " + " ".join(f"{key}={quoteattr(text)}" for key, text in shown.items()) + "/>")
    return "".join(params)


def _type_name(annotation: Any) -> str:
    kinds = leaves(annotation)
    if float in kinds:
        return "float"
    return "int" if int in kinds or bool in kinds else "String"


def _limits(metadata: list[Any], annotation: Any) -> tuple[Any, Any]:
    if annotation is bool:
        return 0, 1
    least = next((rule.ge for rule in metadata if getattr(rule, "ge", None) is not None), None)
    most = next((rule.le for rule in metadata if getattr(rule, "le", None) is not None), None)
    return least, most
