"""What is made at random: tokens, known here by their SHA-256 only, and access keys with their secrets."""

import hashlib
import secrets


def new_token() -> str:
    """Return a token of 256 random bits, in characters that a header may hold."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """Return what is stored of a token; a random text needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def new_secret() -> str:
    """Return a secret key, or a password for somebody who gave none: 192 random bits."""
    return secrets.token_urlsafe(24)


def new_access_key() -> str:
    """Return the name of an access key."""
    return "VDT" + secrets.token_hex(9).upper()
