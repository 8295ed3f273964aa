"""Tokens: random, and known here by their SHA-256 only."""

import hashlib
import secrets


def new_token() -> str:
    """Return a token of 256 random bits, in characters that a header may hold."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """Return what is stored of a token; a random text needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
