"""Whether what an algorithm tells is what its manifest declares."""

from typing import Any

import msgspec

from vedette.algorithms.base import Manifest
from vedette.model.errors import AlgorithmError
from vedette.model.event import Finding
from vedette.model.message import Mark, ObjectName, Track


def check_finding(manifest: Manifest, finding: Finding) -> None:
    """Look whether a finding is of a declared kind, and whether its values follow the rules declared for them.

    The service looks only at the first: it would cost time with every event, and an algorithm's tests show it once.

    Raises:
        AlgorithmError: it is not, or they do not.
    """
    manifest.check(finding)
    try:
        told = msgspec.json.encode(finding.data, enc_hook=_named)
        msgspec.json.decode(told, type=type(finding.data), dec_hook=_numbered)
    except (msgspec.MsgspecError, NotImplementedError, TypeError, ValueError) as error:
        raise AlgorithmError(f"{manifest.name}, event type {finding.event_type}: {error}") from error


def _named(value: Any) -> str:
    if isinstance(value, Track):
        return str(value.number)
    if isinstance(value, Mark):
        return " ".join((value.kind, *map(str, value.numbers)))
    if isinstance(value, ObjectName):
        return value.ending
    raise NotImplementedError(f"A message cannot hold {type(value).__name__}.")


def _numbered(kind: type, value: Any) -> Any:
    if kind is Track:
        return Track(int(value))
    if kind is Mark:
        name, *numbers = value.split(" ")
        return Mark(name, *map(int, numbers))
    if kind is ObjectName:
        return ObjectName(value)
    raise NotImplementedError(f"A message cannot hold {kind.__name__}.")
