"""What all wire documents share: strict types, the published patterns, text without traps.

The patterns are those of the published OpenAPI documents, matched in full by `re` in a validator: Pydantic's own
`pattern` knows no look-around. Unknown fields are ignored; `null` for an optional field is the same as its absence.
"""

import ipaddress
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic import GetJsonSchemaHandler as JsonHandler
from pydantic_core import CoreSchema, core_schema

BUCKET: Final = r"[a-z0-9](?!.*[-.][-.].*)([a-z0-9-.]{1,61})[a-z0-9]"
OBS_PATH: Final = r'(?![/.\s])(?!.*//.*)([^:*?"<>|\\]{0,1023})(?<![.\s])'
URL: Final = r"(https?|rtsps?|rtmp|ftp|file)://[-A-Za-z0-9+&@*#/%?=~_|!:,.;]+[-A-Za-z0-9+&@*#/%=~_|]"
"""The published pattern, and `rtsps` as well."""
URL_IPV6: Final = (
    r"(https?|rtsps?|rtmp|ftp)://([-A-Za-z0-9+&*%=~_|!:,.;]*@)?\[(?P<ip>[0-9A-Fa-f:.]+)\](:[0-9]{1,5})?"
    r"([/?#][-A-Za-z0-9+&@*#/%?=~_|!:,.;]*)?(?<![?!:,.;])"
)
"""An addition of ours: the published pattern has no room for the brackets of an IPv6 host."""
URL_LENGTH: Final = 1000
RTSP_PATH: Final = r"([-A-Za-z0-9+&?=~_][-A-Za-z0-9+&/?=~_]+[-A-Za-z0-9+&/?=~_]|[A-Za-z]+)"
VCN_DEVICE: Final = r"([0-9]{20}#[a-zA-Z0-9]{32})|([0-9]{20}#[0-9]{1,10}#[a-zA-Z0-9]{32})"
TASK_NAME: Final = r"[\u4E00-\u9FA5a-zA-Z0-9_-]{1,100}"
SERVICE_NAME: Final = r"[a-zA-Z0-9\u4e00-\u9fa5,_-]{1,100}"
SERVICE_VERSION: Final = r"[a-z0-9.]{3,32}"
OBJECT_ID: Final = r"[a-z0-9-_]{4,36}"
"""Ids of tasks in paths, of orders and of video sources."""
PROJECT_ID: Final = r"[a-zA-Z0-9-]{1,64}"
EDGE_CAMERA: Final = r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}"
STREAM_NAME: Final = r"[-A-Za-z0-9_]{1,80}"
DIS_STREAM: Final = r"[-A-Za-z0-9_]{1,64}"
TIMEZONE: Final = r"[+-][0-9]{2}:[0-9]{2}"
TIME_OF_DAY: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
VCN_USER: Final = r".{1,100}"
VCN_PASSWORD: Final = r".{1,1000}"  # noqa: S105 - the form of one
LATITUDE: Final = r"|[+-]?(([0-8]?[0-9](\.[0-9]{1,5})?)|(90(\.0{1,5})?))"
LONGITUDE: Final = r"|-?((([0-9][0-9]?|1[0-7][0-9])(\.[0-9]{1,5})?)|180(\.0{1,5})?)"
TAG: Final = r"[\u4e00-\u9fa5a-zA-Z0-9,_-]{1,10}"
SOURCE_NAME: Final = r"(?! )[\u4e00-\u9fa5a-zA-Z0-9.\-_()\uff08\uff09 ]{1,100}(?<! )"
HEADER_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
"""A token of RFC 9110, section 5.6.2."""
HEADER_VALUE: Final = r"[^\x00-\x08\x0a-\x1f\x7f]*"
"""Field text of RFC 9110, section 5.5: no line ends, no other control characters."""


class Wire(BaseModel):
    """Base of all documents: strict, frozen, deaf to unknown fields, and silent about its values."""

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )


def matches(pattern: str, text: str) -> bool:
    """Return whether the whole text has the form of the pattern."""
    return re.fullmatch(pattern, text) is not None


def _form(pattern: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not matches(pattern, text):
            raise ValueError(f"it does not have the form ^{pattern}$")
        return text

    return check


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A check of a value, and what the JSON schema says of it.

    Attributes:
        check: returns the value, or raises `ValueError`.
        says: keywords of JSON Schema; one that the schema has already is added beside it.
    """

    check: Callable[[Any], Any]
    says: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Add the check; pydantic's own hook."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: JsonHandler) -> dict[str, Any]:
        """Add the keywords; pydantic's own hook."""
        found = handler(schema)
        if (found.keys() & self.says.keys()) - {"additionalProperties"}:  # ours is the narrower one
            return {**found, "allOf": [*found.get("allOf", []), dict(self.says)]}
        return {**found, **self.says}


def of_form(pattern: str) -> Rule:
    """Return the rule that a text matches the pattern in full."""
    return Rule(_form(pattern), {"pattern": whole(pattern)})


def one_of(values: Sequence[str], message: str = "") -> Rule:
    """Return the rule that a text is one of these."""

    def check(value: str) -> str:
        if value not in values:
            raise ValueError(message or f"it must be one of {', '.join(values)}")
        return value

    return Rule(check, {"enum": [str(value) for value in values]})


def whole(pattern: str) -> str:
    """Return a pattern as JSON Schema has it, where a pattern may match anywhere and groups have no names."""
    bare = re.sub(r"[?]P<[a-z]+>", "", pattern)
    return f"^(?:{bare})$" if "|" in bare else f"^{bare}$"


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("it holds a NUL character, which cannot be stored")
    return text


def _url(text: str) -> str:
    if matches(URL, text):
        return text
    found = re.fullmatch(URL_IPV6, text)
    if found is None:
        raise ValueError(f"it does not have the form ^{URL}$")
    try:
        ipaddress.IPv6Address(found["ip"])
    except ValueError:
        raise ValueError("its host is no IPv6 address") from None
    return text


def is_url(text: str) -> bool:
    """Return whether a text is a URL as this API takes them, of 1000 characters at most."""
    try:
        return len(_url(text)) <= URL_LENGTH
    except ValueError:
        return False


def _callback(text: str) -> str:
    try:
        parts = urlsplit(text)
        reachable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        reachable = False
    if not reachable:
        raise ValueError("a result callback address is an http or https URL with a host")
    return text


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("it must not be empty")
    return text


def _full_steps(path: str) -> str:
    if "//" in path or path.endswith("/"):
        raise ValueError("a path into the answer has no empty steps")
    return path


def _ipv4(text: str) -> str:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        raise ValueError("it is no IPv4 address") from None
    return text


def _port(value: object) -> object:
    """Take a port that comes as text, as the published samples send it."""
    return int(value) if isinstance(value, str) and matches(r"[0-9]{1,5}", value) else value


_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


def _truth(value: object) -> object:
    """Take `1`, `0` and the words, as the published page allows for `event_center`."""
    if isinstance(value, int | str):
        return _TRUTH.get(str(value).lower(), value)
    return value


def _header_text(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not matches(HEADER_NAME, name) or not matches(HEADER_VALUE, value):
            raise ValueError("a header's name must be an HTTP token, and its value text without control characters")
    return headers


def storable(value: Any) -> Any:
    """Refuse numbers and characters in a free JSON value that could not be stored and given back as they are.

    Raises:
        ValueError: NaN, infinity, an integer beyond 64 bits, or a NUL character.
    """
    if isinstance(value, str):
        _no_nul(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("it holds a number that is not finite")
    elif isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise ValueError("it holds an integer of more than 64 bits")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            storable(name)
            storable(item)
    elif isinstance(value, list):
        for item in value:
            storable(item)
    return value


def unique(values: Sequence[Any]) -> Sequence[Any]:
    """Refuse repeated values.

    Raises:
        ValueError: a value is there twice.
    """
    if len(set(values)) != len(values):
        raise ValueError("its values must differ from one another")
    return values


_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_H16: Final = "[0-9A-Fa-f]{1,4}"
_PORT: Final = r"(?:[0-9]{1,4}|[0-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_IPV6: Final = "|".join(
    [f"{_H16}(?::{_H16}){{7}}"]
    + [
        (f"{_H16}(?::{_H16}){{{left - 1}}}" if left else "")
        + "::"
        + (f"(?:{_H16}(?::{_H16}){{0,{6 - left}}})?" if left < 7 else "")
        for left in range(8)
    ]
    + [f"::(?:[Ff]{{4}}:)?{_OCTET}(?:\\.{_OCTET}){{3}}"]
)
"""The written forms of an IPv6 address; those with an IPv4 tail only where they are in use."""
_ANY_URL: Final = f"{URL}|{URL_IPV6.replace('(?P<ip>[0-9A-Fa-f:.]+)', f'(?:{_IPV6})')}"
_REACHABLE: Final = (
    r"https?://(?:[^@/?#]*@)?(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])"
    rf"(?::(?!0+(?:[/?#]|$)){_PORT})?(?:[/?#].*)?"
)

STORABLE: Final = r"^[^\u0000]*$"
Text = Annotated[str, Rule(_no_nul, {"pattern": STORABLE})]
TaskName = Annotated[str, of_form(TASK_NAME)]
Description = Annotated[Text, Field(max_length=500)]
ServiceVersion = Annotated[str, of_form(SERVICE_VERSION)]
ObjectId = Annotated[str, of_form(OBJECT_ID)]
Bucket = Annotated[str, of_form(BUCKET)]
ObsPath = Annotated[Text, Field(max_length=1023), Rule(_not_empty, {"minLength": 1}), of_form(OBS_PATH)]
Url = Annotated[str, Field(max_length=URL_LENGTH), Rule(_url, {"pattern": whole(_ANY_URL)})]
CallbackUrl = Annotated[Url, Rule(_callback, {"pattern": whole(_REACHABLE)})]
RtspPath = Annotated[
    str, Field(max_length=1024), of_form(RTSP_PATH), Rule(_full_steps, {"pattern": r"^(?!.*//).*[^/]$"})
]
Ipv4 = Annotated[str, Rule(_ipv4, {"format": "ipv4", "pattern": whole(rf"(?:{_OCTET}\.){{3}}{_OCTET}")})]
Port = Annotated[
    int,
    Field(ge=0, le=65535),
    BeforeValidator(_port),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 65535}, {"type": "string", "pattern": whole(_PORT)}]}
    ),
]
Truth = Annotated[
    bool,
    BeforeValidator(_truth),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {"enum": [0, 1]},
                {"type": "string", "pattern": "^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$"},
            ]
        }
    ),
]
Headers = Annotated[
    dict[str, str],
    Field(max_length=10),
    Rule(
        _header_text,
        {
            "propertyNames": {"pattern": whole(HEADER_NAME)},
            "additionalProperties": {"type": "string", "pattern": whole(HEADER_VALUE)},
        },
    ),
]
Unique = Rule(unique, {"uniqueItems": True})
DataCategory = Annotated[list[Text], Field(max_length=10), Unique]
