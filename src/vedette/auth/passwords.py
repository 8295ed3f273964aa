"""Passwords are kept as scrypt (RFC 7914), each with a salt of its own; the parameters stand in the hash."""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from typing import Final

from vedette.model.errors import InvalidParameter

LOG_N: Final = 13
R: Final = 8
P: Final = 5
"""8 MiB, which an idle service must be able to spare, and some 150 ms a try."""
SHORTEST: Final = 8


def need_strength(password: str, name: str) -> None:
    """Check a password that somebody chose.

    Raises:
        InvalidParameter: it is shorter than 8 characters, or the user's own name.
    """
    if len(password) < SHORTEST or password.lower() in {name.lower(), name[::-1].lower()}:
        raise InvalidParameter(
            f"password: it has {SHORTEST} characters at least, and is not the user's name.", param="password"
        )


def hashed(password: str | None) -> str:
    """Return what may be stored of a password; of None, something that no password fits."""
    salt = secrets.token_bytes(16)
    if password is None:
        digest = b64encode(secrets.token_bytes(32)).decode()
        return f"scrypt${LOG_N}${R}${P}${b64encode(salt).decode()}${digest}"
    return (
        f"scrypt${LOG_N}${R}${P}${b64encode(salt).decode()}${b64encode(_scrypt(password, salt, LOG_N, R, P)).decode()}"
    )


def verify(password: str, stored: str) -> bool:
    """Return whether this is the password; takes the same time either way."""
    try:
        kind, log_n, r, p, salt, digest = stored.split("$")
        if kind != "scrypt":
            return False
        tried = _scrypt(password, b64decode(salt), int(log_n), int(r), int(p))
        return hmac.compare_digest(tried, b64decode(digest))
    except ValueError:
        return False


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    memory = 128 * r * (2**log_n + p + 2)
    return hashlib.scrypt(password.encode(), salt=salt, n=2**log_n, r=r, p=p, maxmem=2 * memory, dklen=32)


NOBODY: Final = f"scrypt${LOG_N}${R}${P}${b64encode(bytes(16)).decode()}${b64encode(secrets.token_bytes(32)).decode()}"
"""Compared against where there is no such user, so that the answer's time does not tell; no password fits it."""
