"""From a manifest to an algorithm: its configuration, its messages and its class are made here."""

from typing import Any, Final, Literal

from pydantic import create_model

from vedette.algorithms.base import AlgorithmConfig, Manifest, ServiceName
from vedette.algorithms.composed.manifest import ServiceManifest
from vedette.algorithms.composed.message import Message
from vedette.algorithms.composed.rows import KeyRow
from vedette.algorithms.composed.service import Composed
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch, Whole
from vedette.model.errors import Misconfigured

_TYPES: Final[dict[str, Any]] = {"switch": Switch, "whole": Whole, "number": Number}
WITHOUT_MODEL: Final = "objects"
"""The role that motion can fill."""


def compose(plan: ServiceManifest) -> type[Composed]:
    """Return the algorithm of a service.

    Raises:
        Misconfigured: the default of a key breaks the rule of the key.
    """
    messages = {row.name: Message.of(row, plan.description or plan.title_en) for row in plan.events}
    body = {
        "__doc__": plan.description or plan.title_en,
        "__module__": Composed.__module__,
        "plan": plan,
        "messages": messages,
        "manifest": _manifest(plan, messages),
    }
    return type(_title(plan.name), (Composed,), body)


def _manifest(plan: ServiceManifest, messages: dict[str, Message]) -> Manifest:
    deployed = (("cloud", plan.services.cloud), ("edge", plan.services.edge))
    return Manifest(
        name=plan.name,
        services=tuple(ServiceName(name, deploy) for deploy, name in deployed if name is not None),
        versions=plan.versions,
        title_en=plan.title_en,
        title_cn=plan.title_cn,
        config=_config(plan),
        roles=plan.model.roles,
        needs=tuple(role for role in plan.model.roles if role != WITHOUT_MODEL or not plan.needs_no_classes),
        events=tuple(message.kind for message in messages.values()),
        company=plan.company,
        analysis_fps=plan.analysis_fps,
        description=plan.description,
        function_version=plan.function_version,
        tags=plan.tags,
        released_at=plan.released_at,
    )


def _config(plan: ServiceManifest) -> type[AlgorithmConfig]:
    bases = (RegionKeys, PictureKeys, SizeKeys) if plan.sizes else (RegionKeys, PictureKeys)
    fields: dict[str, Any] = {row.name: (_type(row), _declared(row)) for row in plan.keys}
    made: type[AlgorithmConfig] = create_model(f"{_title(plan.name)}Config", __base__=bases, **fields)
    for row in plan.keys:
        try:
            made.model_validate({row.name: row.default})
        except ValueError as error:
            raise Misconfigured(f"The service {plan.name}: the default of {row.name} breaks its own rule.") from error
    return made


def _type(row: KeyRow) -> Any:
    return Literal[row.choices] if row.type == "choice" else _TYPES[row.type]


def _declared(row: KeyRow) -> Any:
    """Return a key with its limits; the default is as checked values are."""
    default = bool(row.default) if row.type == "switch" else row.default
    limits = {} if row.least is None else {"ge": _whole(row.least, row), "le": _whole(row.most, row)}
    return key(row.title_en, row.title_cn, default, unit=row.unit, **limits)


def _whole(limit: float | None, row: KeyRow) -> float | None:
    return int(limit) if row.type == "whole" and limit is not None else limit


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))
