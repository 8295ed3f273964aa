"""What a document shows in place of secrets; what it means when sent back, `model/secrets.py` knows."""

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Final

from vedette.model.secrets import MASK, hide_userinfo, shown_url

__all__ = ["MASK", "hide_in_xml", "hide_userinfo", "hide_values", "shown_url"]

_XML_SECRET: Final = re.compile(
    r"(?P<open><(?P<name>[\w.:-]*(?:pass|pwd|secret|token|key)[\w.:-]*)(?:\s[^>]*)?>).*?(?P<close></(?P=name)\s*>)",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPED: Final = re.compile(r"(?<=>)[^<&]*&[^<]*")
"""Text between tags in which some characters are written as references, such as `&#64;` for `@`."""


def hide_values(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with their values hidden."""
    return dict.fromkeys(headers, MASK)


def hide_in_xml(xml: str) -> str:
    """Return a source's configuration with passwords and `user:password@` hidden."""
    without = _XML_SECRET.sub(rf"\g<open>{MASK}\g<close>", xml)
    return hide_userinfo(_ESCAPED.sub(_hide_escaped, without) if "&" in without else without)


def _hide_escaped(found: re.Match[str]) -> str:
    plain = unescape(found.group())
    shown = hide_userinfo(plain)
    return found.group() if shown == plain else escape(shown, quote=False)
