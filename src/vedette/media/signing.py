"""Signed addresses of objects: whoever has one may read or write that object for a while, and nothing else.

Three ways, each after its provider's description: query parameters of AWS Signature Version 4 for S3, a service SAS for
Azure, a V4 signed URL (GOOG4-RSA-SHA256) for GCS. Nothing is asked of anybody, neither the network nor the environment.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from vedette.model.errors import SourceRefused
from vedette.model.objects import ObjectStore, StoreKind

LASTS: Final = timedelta(hours=1)
"""How long an address can be used to begin a transfer; one that has begun goes on."""
_SKEW: Final = timedelta(minutes=5)
"""Azure's addresses hold from a moment; the clocks of the two sides may differ."""
_SAS_VERSION: Final = "2022-11-02"
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Act:
    """What is done with an object.

    Attributes:
        method: of the request.
        query: names and values beside the object, such as a part of an upload; names of small letters, in their order.
    """

    method: str = "GET"
    query: tuple[tuple[str, str], ...] = ()


READ: Final = Act()


def signed(store: ObjectStore, bucket: str, path: str, now: datetime, act: Act = READ) -> str:
    """Return the address under which an object is read or written; holds a signature unless the store has no keys.

    Raises:
        SourceRefused: the store has keys that cannot sign.
    """
    url = plain(store, bucket, path)
    if not store.access_key:
        return f"{url}?{_joined(dict(act.query))}" if act.query else url
    return _SIGNERS[store.kind](store, url, _Request(bucket, path, now.astimezone(UTC), act))


def plain(store: ObjectStore, bucket: str, path: str) -> str:
    """Return the address of an object without a signature."""
    base = urlsplit(store.address)
    key = f"/{_quoted(path)}"
    if store.kind is StoreKind.S3 and not store.path_style:
        return f"{base.scheme}://{bucket}.{base.netloc}{base.path.rstrip('/')}{key}"
    return f"{base.scheme}://{base.netloc}{base.path.rstrip('/')}/{_quoted(bucket)}{key}"


def _quoted(text: str) -> str:
    """Return a path in the encoding that all three sign: everything but letters, digits, `-._~` and the slash."""
    return quote(text, safe="/~")


@dataclass(frozen=True, slots=True)
class _Request:
    bucket: str
    path: str
    now: datetime
    act: Act


def _s3(store: ObjectStore, url: str, request: _Request) -> str:
    """Sign as in AWS's "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)"."""
    region = store.region or "us-east-1"
    scope = f"{request.now:%Y%m%d}/{region}/s3/aws4_request"
    query = _query("AWS4-HMAC-SHA256", "X-Amz", f"{store.access_key}/{scope}", request)
    key = f"AWS4{store.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = _to_sign("AWS4-HMAC-SHA256", url, query, scope, request)
    return f"{url}?{query}&X-Amz-Signature={hmac.digest(key, text, 'sha256').hex()}"


def _gcs(store: ObjectStore, url: str, request: _Request) -> str:
    """Sign as in Google's "V4 signing process with your own program"."""
    scope = f"{request.now:%Y%m%d}/auto/storage/goog4_request"
    query = _query("GOOG4-RSA-SHA256", "X-Goog", f"{store.access_key}/{scope}", request)
    try:
        key = load_pem_private_key(store.secret_key.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SourceRefused(f"the key of the object store {store.name!r} is no private RSA key in PEM")
    text = _to_sign("GOOG4-RSA-SHA256", url, query, scope, request)
    return f"{url}?{query}&X-Goog-Signature={key.sign(text, padding.PKCS1v15(), hashes.SHA256()).hex()}"


def _query(algorithm: str, prefix: str, credential: str, request: _Request) -> str:
    """Return the query that is signed; small letters come after capitals, as the canonical form wants it."""
    return _joined(
        {
            f"{prefix}-Algorithm": algorithm,
            f"{prefix}-Credential": credential,
            f"{prefix}-Date": f"{request.now:%Y%m%dT%H%M%SZ}",
            f"{prefix}-Expires": str(round(LASTS.total_seconds())),
            f"{prefix}-SignedHeaders": "host",
            **dict(request.act.query),
        }
    )


def _to_sign(algorithm: str, url: str, query: str, scope: str, request: _Request) -> bytes:
    """Return what is signed: the digest of the request in its canonical form, dated and scoped."""
    parts = urlsplit(url)
    canonical = f"{request.act.method}\n{parts.path}\n{query}\nhost:{_host(url)}\n\nhost\n{_UNSIGNED}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{algorithm}\n{request.now:%Y%m%dT%H%M%SZ}\n{scope}\n{digest}".encode()


def _host(url: str) -> str:
    """Return the Host header of a request for a URL: without the port that is meant anyway."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}[parts.scheme]
    return parts.netloc.removesuffix(f":{usual}").lower()


def _azure(store: ObjectStore, url: str, request: _Request) -> str:
    """Sign as in Azure's "Create a service SAS": fields of the signature in their order, one on each line."""
    begins, ends = (f"{request.now + by:%Y-%m-%dT%H:%M:%SZ}" for by in (-_SKEW, LASTS))
    scheme = "https,http" if url.startswith("http:") else "https"
    may = {"GET": "r", "DELETE": "d"}.get(request.act.method, "cw")
    fields = {"sp": may, "st": begins, "se": ends, "spr": scheme, "sv": _SAS_VERSION, "sr": "b"}
    resource = f"/blob/{store.access_key}/{request.bucket}/{request.path}"
    # after the resource: identifier, IP; then snapshot, encryption scope, and five headers of the answer
    text = "\n".join([may, begins, ends, resource, "", "", scheme, _SAS_VERSION, "b", *[""] * 7])
    try:
        key = base64.b64decode(store.secret_key, validate=True)
    except binascii.Error:
        raise SourceRefused(f"the key of the object store {store.name!r} is no account key in base64") from None
    signature = base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()
    return f"{url}?{_joined({**fields, 'sig': signature})}"


def _joined(fields: Mapping[str, str]) -> str:
    """Return a query; the names are in their order already."""
    return "&".join(f"{name}={quote(value, safe='-._~')}" for name, value in fields.items())


_SIGNERS: Final[Mapping[StoreKind, Callable[[ObjectStore, str, _Request], str]]] = {
    StoreKind.S3: _s3,
    StoreKind.AZURE: _azure,
    StoreKind.GCS: _gcs,
}
