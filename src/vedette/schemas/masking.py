"""What a document shows in place of secrets; what it means when sent back, `model/secrets.py` knows."""

import re
from collections.abc import Mapping
from typing import Final

from vedette.model.secrets import MASK, hide_userinfo

__all__ = ["MASK", "hide_in_xml", "hide_userinfo", "hide_values"]

_XML_SECRET: Final = re.compile(
    r"(?P<open><(?P<name>[\w.:-]*(?:pass|pwd|secret|token|key)[\w.:-]*)(?:\s[^>]*)?>).*?(?P<close></(?P=name)\s*>)",
    re.IGNORECASE | re.DOTALL,
)


def hide_values(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with their values hidden."""
    return dict.fromkeys(headers, MASK)


def hide_in_xml(xml: str) -> str:
    """Return a source's configuration with passwords and `user:password@` hidden."""
    return hide_userinfo(_XML_SECRET.sub(rf"\g<open>{MASK}\g<close>", xml))
