"""No secret in any text: the last step before a log line, an error message or a repr leaves the process.

Two ways in: `redact` masks what looks like a secret inside a sentence (`rtsp://user:pass@host`, `X-Auth-Token: …`,
`password=…`), and `masked` walks a structure and masks by the name of the key. When in doubt both mask too much.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "******"

_NAME = (
    r"(?:[\w-]{0,40}(?:pass(?:wd|word|phrase)?|pwd|secret|token|credential|signature|api[_-]?key|app[_-]?key|access[_-]?key"
    r"|secret[_-]?key|private[_-]?key|security[_-]?token|authorization|cookie|session[_-]?id)[\w-]{0,40}|sk|ak)"
)
"""The names of things that are nobody's business; `X-Subject-Token` and `X-Amz-Signature` are among them."""

_SECRET_KEY = re.compile(rf"^{_NAME}$", re.IGNORECASE)

_USERINFO = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)"
    r"(?:[^\s/?#\"'<>]*@|[^\s/:\[\"'<>]*:(?!\d*(?:[/?#\s\"'<>),;]|$))[^\s\"'<>]{0,512}@)",
    re.IGNORECASE,
)
"""Everything between `scheme://` and the last `@` of the authority. The second branch catches a password with an
unescaped slash in it: what follows the first colon is then no port number."""

_SCHEMED = re.compile(
    r"(?P<scheme>\b(?:bearer|basic|digest|sdk-hmac-sha256|aws4-hmac-sha256)\s+)[^\s\"'][^\"'\r\n]*", re.IGNORECASE
)
"""The credentials of an Authorization header, whoever quotes them."""

_PAIR = re.compile(
    rf"(?P<head>(?<![\w-])(?P<quote>\\?[\"']?){_NAME}(?P=quote)\s*(?:=>|[=:])\s*)"
    r"(?P<value>b?\"(?:\\.|[^\"\\])*\"|b?'(?:\\.|[^'\\])*'|\\\"[^\"]*\\\"|[^\s\"'&,;(){}<>\[\]]+)",
    re.IGNORECASE,
)
"""`name: value`, `name=value`, `"name": "value"`."""

_HEADERS = re.compile(r"(?P<head>[\"']?\bheaders[\"']?\s*[=:]\s*)\{[^{}]*\}", re.IGNORECASE)
"""A mapping of headers written out: the values are the caller's secrets, whatever the names are."""


def redact(text: str) -> str:
    """Return the text with everything masked that looks like a secret."""
    text = _USERINFO.sub(rf"\g<scheme>{MASK}@", text)
    text = _HEADERS.sub(rf"\g<head>{MASK}", text)
    text = _SCHEMED.sub(rf"\g<scheme>{MASK}", text)
    return _PAIR.sub(rf"\g<head>{MASK}", text)


def masked(value: Any, key: str = "") -> Any:
    """Return a copy of a structure without secrets; `key` is the name under which it stands."""
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_KEY.match(key):
        return MASK
    if isinstance(value, Mapping):
        hidden = key.lower().endswith("headers")
        return {name: MASK if hidden else masked(item, str(name)) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item) for item in value]
    return value if isinstance(value, int | float) else redact(str(value))


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask a log record: a structlog processor, placed after the one that writes tracebacks out."""
    return {key: masked(value, key) for key, value in event.items()}
