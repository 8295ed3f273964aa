"""Requests signed as the vendor's services want them: `SDK-HMAC-SHA256`, in its form without a scope.

The form is that of the vendor's published signing guide; `auth.signature` verifies it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote

ALGORITHM: Final = "SDK-HMAC-SHA256"
DATE: Final = "X-Sdk-Date"


def stamp(now_s: float) -> str:
    """Return a time as the header `X-Sdk-Date` has it."""
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")


def authorization(
    method: str, path: str, headers: Mapping[str, str], body: bytes, access_key: str, secret_key: str
) -> str:
    """Return the header `Authorization` of a request without a query.

    Args:
        headers: those that are signed; `Host` and `X-Sdk-Date` must be among them.
    """
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    signed = ";".join(sorted(lower))
    pieces = "/".join(quote(unquote(piece), safe="-._~") for piece in path.split("/"))
    canonical = "\n".join(
        [
            method,
            pieces if pieces.endswith("/") else f"{pieces}/",
            "",
            *(f"{name}:{lower[name]}" for name in sorted(lower)),
            "",
            signed,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    text = "\n".join([ALGORITHM, lower[DATE.lower()], hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Access={access_key}, SignedHeaders={signed}, Signature={signature}"
