"""Logging in to an HTTP server: Basic (RFC 7617), and Digest (RFC 7616, and as RFC 2069 had it) as cameras ask for it.

Nothing is sent before the server asks: what asks for Digest shall not be told the password, and cameras lock out
whoever logs in wrongly a few times.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote
from urllib.request import parse_http_list

_ALGORITHMS: Final = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
"""By their names in a challenge; each may have `-sess` behind it."""
_BETTER: Final = ("SHA-512-256", "SHA-256", "MD5")


class Login:
    """User and password of a URL, and the last challenge they answer.

    Args of the constructor:
        userinfo: `user:password` as it stands in a URL, or empty.
    """

    def __init__(self, userinfo: str) -> None:
        user, _, password = userinfo.partition(":")
        self._user, self._password = unquote(user), unquote(password)
        self._given = bool(userinfo)
        self._basic = self._answered = False
        self._digest: dict[str, str] | None = None
        self._count = 0

    def challenged(self, challenges: Iterable[str]) -> bool:
        """Take what a 401 asks for; return whether another try makes sense.

        Args:
            challenges: the `WWW-Authenticate` headers.
        """
        if not self._given:
            return False
        offered = [one for header in challenges for one in _split(header)]
        digest = _best([fields for scheme, fields in offered if scheme == "digest"])
        again = not self._answered or (digest is not None and digest.get("stale", "").lower() == "true")
        self._answered = True
        if digest is not None:
            self._digest, self._count = digest, 0
        elif not offered or any(scheme == "basic" for scheme, _ in offered):
            again, self._basic = again and not self._basic, True
        else:
            again = False
        return again

    def begin(self) -> None:
        """Begin another request: what it is asked for is answered once, unless the server calls the answer stale."""
        self._answered = False

    def header(self, method: str, target: str) -> str | None:
        """Return the `Authorization` of a request; None before the server has asked."""
        if self._digest is not None:
            return self._answer(self._digest, method, target)
        if self._basic:
            return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        return None

    def _answer(self, asked: dict[str, str], method: str, target: str) -> str:
        name = asked.get("algorithm", "MD5")
        self._count += 1
        count, own = f"{self._count:08x}", secrets.token_hex(8)
        realm, nonce = asked.get("realm", ""), asked.get("nonce", "")

        def digest(text: str) -> str:
            return hashlib.new(_ALGORITHMS[_plain(name)], text.encode(), usedforsecurity=False).hexdigest()

        secret = digest(f"{self._user}:{realm}:{self._password}")
        if name.lower().endswith("-sess"):
            secret = digest(f"{secret}:{nonce}:{own}")
        what = digest(f"{method}:{target}")
        fields = {"username": _quoted(self._user), "realm": _quoted(realm), "nonce": _quoted(nonce)}
        fields["uri"] = _quoted(target)
        if "qop" in asked:
            fields |= {"qop": "auth", "nc": count, "cnonce": _quoted(own)}
            middle = f"{nonce}:{count}:{own}:auth"
        else:
            middle = nonce
        fields["response"] = _quoted(digest(f"{secret}:{middle}:{what}"))
        if "algorithm" in asked:
            fields["algorithm"] = name
        if "opaque" in asked:
            fields["opaque"] = _quoted(asked["opaque"])
        return "Digest " + ", ".join(f"{key}={value}" for key, value in fields.items())


def _best(offered: list[dict[str, str]]) -> dict[str, str] | None:
    """Return the challenge with the best algorithm among those that can be answered."""
    able = [one for one in offered if "nonce" in one and _plain(one.get("algorithm", "MD5")) in _BETTER and _auth(one)]
    return min(able, key=lambda one: _BETTER.index(_plain(one.get("algorithm", "MD5"))), default=None)


def _auth(asked: dict[str, str]) -> bool:
    """Return whether the body may stay out of it: `auth-int` alone is for requests that have one."""
    return "qop" not in asked or "auth" in [one.strip().lower() for one in asked["qop"].split(",")]


def _plain(algorithm: str) -> str:
    return algorithm.upper().removesuffix("-SESS")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _split(header: str) -> list[tuple[str, dict[str, str]]]:
    """Return the challenges in one header, by scheme; several may stand in one line."""
    found: list[tuple[str, dict[str, str]]] = []
    for part in parse_http_list(header):
        name, equals, value = part.partition("=")
        scheme, space, first = name.strip().partition(" ")
        if space or not equals or not found:  # `Digest realm="…"`, or a scheme alone
            found.append((scheme.lower(), {}))
            name = first
        if equals and found:
            found[-1][1][name.strip().lower()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value
