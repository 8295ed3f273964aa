"""Signatures of calls, by Standard Webhooks (standardwebhooks.com, specification 1.0.0, symmetric scheme v1)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
SIZE: Final = 32
"""Random bytes of a secret; the specification asks for 24 to 64."""


def new_secret() -> str:
    """Return a new secret, in the form that the receivers' libraries take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SIZE)).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for.

    Raises:
        ValueError: it is none.
    """
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        raise ValueError("it is no webhook secret") from None


def headers(event_id: str, at_s: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Return what a signed call bears: id, time, and one signature for each key."""
    signed = b".".join((event_id.encode(), str(at_s).encode(), body))
    made = (base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in made),
    }
