"""Requests signed with SDK-HMAC-SHA256, the current form of the vendor's SDKs: no scope, no derived key.

The signature covers method, path, query, the headers it names and the body. Where SDKs differ, both ways hold:
for repeated names in the query some sort the values and some keep their order.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote

from vedette.model.errors import BadSignature

ALGORITHM: Final = "SDK-HMAC-SHA256"
SKEW_S: Final = 15 * 60
"""How far the client's clock may be from ours."""
_CLAIM: Final = re.compile(
    rf"{ALGORITHM}\s+Access=(?P<access>[^,\s]+)\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)\s*,\s*Signature=(?P<hex>[0-9a-f]{{64}})"
)
_EMPTY: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it was received.

    Attributes:
        path: as on the wire, percent-encoded, without the query.
        query: as on the wire, without the question mark.
        headers: lower-case names, values as on the wire.
    """

    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> bytes | None:
        """Return the value of a header that may stand there once only.

        Raises:
            BadSignature: it is there more than once.
        """
        values = [value for key, value in self.headers if key == name.encode()]
        if len(values) > 1:
            raise BadSignature(f"The header {name} is there more than once.")
        return values[0].strip() if values else None


@dataclass(frozen=True, slots=True)
class Claim:
    """What an Authorization header claims."""

    access_key: str
    signed_headers: tuple[str, ...]
    signature: str


def parse(authorization: str) -> Claim:
    """Return what the Authorization header claims.

    Raises:
        BadSignature: another algorithm, not of the documented form, or host or date are not signed.
    """
    found = _CLAIM.fullmatch(authorization.strip())
    if found is None:
        raise BadSignature(f"Authorization must be {ALGORITHM} Access=…, SignedHeaders=…, Signature=….")
    signed = tuple(found["headers"].lower().split(";"))
    if not {"host", "x-sdk-date"} <= set(signed):
        raise BadSignature("The headers host and x-sdk-date must be signed.")
    return Claim(found["access"], signed, found["hex"])


def verify(request: SignedRequest, claim: Claim, secret_key: str, now_s: float) -> None:
    """Check a signature against the secret key.

    Args:
        request: the request as received.
        claim: what its Authorization header says.
        secret_key: of the access key.
        now_s: our clock, seconds since the epoch.

    Raises:
        BadSignature: expired, or it does not hold.
    """
    date = (request.header("x-sdk-date") or b"").decode("latin-1")
    if abs(now_s - _seconds(date)) > SKEW_S:
        raise BadSignature("The signature has expired: the client's clock differs by more than 15 minutes.")
    fitting = False
    for canonical in canonical_requests(request, claim.signed_headers):
        text = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical).hexdigest()}"
        expected = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
        fitting |= hmac.compare_digest(expected, claim.signature)
    if not fitting:
        raise BadSignature("The signature does not fit the request.")


def canonical_requests(request: SignedRequest, signed_headers: Sequence[str]) -> Iterator[bytes]:
    """Yield the canonical request, once for each order in which SDKs write a query.

    Raises:
        BadSignature: a signed header is missing, or the declared hash is not the body's.
    """
    block = b"".join(name.encode() + b":" + _signed(request, name) + b"\n" for name in signed_headers)
    tail = b"\n".join((block, ";".join(signed_headers).encode(), _body_hash(request).encode()))
    for query in _queries(request.query):
        yield b"\n".join((request.method.upper().encode(), _path(request.path), query, tail))


def _signed(request: SignedRequest, name: str) -> bytes:
    value = request.header(name)
    if value is None:
        raise BadSignature(f"The header {name} is named as signed, and is not there.")
    return value


def _body_hash(request: SignedRequest) -> str:
    digest = hashlib.sha256(request.body).hexdigest() if request.body else _EMPTY
    declared = request.header("x-sdk-content-sha256")
    if request.body and declared is not None and not hmac.compare_digest(declared.lower(), digest.encode()):
        raise BadSignature("X-Sdk-Content-Sha256 must be the SHA-256 of the body.")
    return digest


def _encode(text: str) -> str:
    return quote(text, safe="-._~", errors="surrogateescape")


def _decode(raw: bytes) -> str:
    return unquote(raw.decode("latin-1"), errors="surrogateescape")


def _path(raw: bytes) -> bytes:
    pieces = _decode(raw).split("/")
    path = "/".join(_encode(piece) for piece in pieces)
    return (path if path.endswith("/") else path + "/").encode()


def _queries(raw: bytes) -> list[bytes]:
    pairs = [_pair(part) for part in raw.split(b"&") if part]
    orders = (sorted(pairs), sorted(pairs, key=lambda pair: pair[0]))
    return list(dict.fromkeys("&".join(f"{name}={value}" for _, _, name, value in order).encode() for order in orders))


def _pair(part: bytes) -> tuple[str, str, str, str]:
    """Return name and value, decoded to sort by and encoded to write."""
    name, _, value = part.partition(b"=")
    plain_name, plain_value = _decode(name), _decode(value)
    return plain_name, plain_value, _encode(plain_name), _encode(plain_value)


def _seconds(date: str) -> float:
    try:
        return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise BadSignature("X-Sdk-Date must have the form YYYYMMDDTHHMMSSZ.") from None
