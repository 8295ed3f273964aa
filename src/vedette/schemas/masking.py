"""Secrets never come back: what a document shows in their place."""

import re
from collections.abc import Mapping
from typing import Final

MASK: Final = "******"

_USERINFO: Final = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?:[^\s/?#<>\"]*@|[^\s/:\[<>\"]*:(?!\d*(?:[/?#\s<\"]|$))[^\s<>\"]*@)",
    re.IGNORECASE,
)
"""Up to the last `@` of the authority; the second branch catches a password with an unescaped slash in it."""

_XML_SECRET: Final = re.compile(
    r"(?P<open><(?P<name>[\w.:-]*(?:pass|pwd|secret|token|key)[\w.:-]*)(?:\s[^>]*)?>).*?(?P<close></(?P=name)\s*>)",
    re.IGNORECASE | re.DOTALL,
)


def hide_userinfo(text: str) -> str:
    """Return the text with `user:password@` of its URLs hidden."""
    return _USERINFO.sub(rf"\g<scheme>{MASK}@", text)


def hide_values(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with their values hidden."""
    return dict.fromkeys(headers, MASK)


def hide_in_xml(xml: str) -> str:
    """Return a source's configuration with passwords and `user:password@` hidden."""
    return hide_userinfo(_XML_SECRET.sub(rf"\g<open>{MASK}\g<close>", xml))
