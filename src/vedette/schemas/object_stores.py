"""The documents of object stores: an addition of ours."""

import base64
import binascii
import ipaddress
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, model_validator

from vedette.model.objects import ObjectStore, StoreKind
from vedette.schemas.common import Bucket, ObsPath, Rule, Text, Unique, Wire, of_form, one_of
from vedette.schemas.masking import MASK

STORE_NAME: Final = r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}"
REGION: Final = r"[a-zA-Z0-9-]{1,64}"
ENDPOINT: Final = r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?"
_LEFT_OUT: Final = {
    StoreKind.S3: ("folder",),
    StoreKind.AZURE: ("folder", "region", "path_style"),
    StoreKind.GCS: ("folder", "region", "path_style"),
    StoreKind.FOLDER: ("endpoint", "region", "access_key", "secret_key", "path_style", "tls_verify"),
}
"""Fields that say nothing of a kind, and are refused with it."""


def _endpoint(text: str) -> str:
    try:
        usable = urlsplit(text).port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("it is no http or https address with a host")
    return text


class ObjectStoreBody(Wire):
    """The body that says what an object store is, all of it."""

    kind: Annotated[str, one_of([kind.value for kind in StoreKind])]
    """What it speaks: `s3` (OBS, MinIO, Ceph, AWS and others), `azure`, `gcs`, or `folder` for one on this machine."""
    endpoint: Annotated[str, Field(max_length=500), of_form(ENDPOINT), Rule(_endpoint, {})] | None = None
    """Address of the store, without bucket; absent: that of AWS, Azure or Google."""
    region: Annotated[str, of_form(REGION)] | None = None
    """Region, for `s3`; absent: `us-east-1`."""
    access_key: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    """Access key id (`s3`), account (`azure`) or e-mail of the service account (`gcs`); absent: nothing is signed."""
    secret_key: Annotated[Text, Field(min_length=1, max_length=8192)] | None = None
    """Secret access key (`s3`), account key (`azure`) or private key in PEM (`gcs`); answers show `******`."""
    path_style: bool | None = None
    """Of `s3`: the bucket stands in the path of addresses (absent or true), or in the name of the host (false)."""
    tls_verify: bool | None = None
    """Whether the certificate of an https endpoint is verified; absent: it is."""
    folder: Annotated[Text, Field(max_length=1000), of_form(r"/.*")] | None = None
    """Of `folder`: absolute path of a folder whose sub-folders are the buckets."""
    buckets: Annotated[list[Bucket], Field(max_length=1000), Unique] | None = None
    """The buckets in it; absent or empty: all that no other store of the project names."""

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        kind = StoreKind(self.kind)
        for name in _LEFT_OUT[kind]:
            if getattr(self, name) is not None:
                raise ValueError(f"{name} says nothing of a store of the kind {kind}")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key go together")
        if kind is StoreKind.FOLDER and self.folder is None:
            raise ValueError("a store of the kind folder needs a folder")
        if kind is StoreKind.AZURE and self.access_key is None and self.endpoint is None:
            raise ValueError("a store of the kind azure needs access_key and secret_key, or an endpoint")
        if self.path_style is False and self.endpoint and _is_literal(urlsplit(self.endpoint).hostname or ""):
            raise ValueError("path_style can be false only for an endpoint with a host's name")
        self._check_key(kind)
        return self

    def _check_key(self, kind: StoreKind) -> None:
        key = self.secret_key
        if key is None or key == MASK:
            return
        if kind is StoreKind.AZURE and not _is_base64(key):
            raise ValueError("secret_key is no account key in base64")
        if kind is StoreKind.GCS and not _is_private(key):
            raise ValueError("secret_key is no private RSA key in PEM")

    def store(self, name: str, created_at: int, updated_at: int) -> ObjectStore:
        """Return the store that is meant."""
        return ObjectStore(
            name=name,
            kind=StoreKind(self.kind),
            endpoint=(self.endpoint or "").rstrip("/"),
            region=self.region or "",
            access_key=self.access_key or "",
            secret_key=self.secret_key or "",
            path_style=self.path_style is not False,
            tls_verify=self.tls_verify is not False,
            folder=self.folder or "",
            buckets=tuple(self.buckets or ()),
            created_at=created_at,
            updated_at=updated_at,
        )


class ObjectStoreCreate(ObjectStoreBody):
    """The body that registers an object store."""

    name: Annotated[str, of_form(STORE_NAME)]
    """Its name, once in a project."""


class ObjectStoreInfo(Wire):
    """An object store. What says nothing of its kind is absent."""

    name: str
    """Its name."""
    kind: str
    """`s3`, `azure`, `gcs` or `folder`."""
    endpoint: str | None = None
    """Address of the store; absent: that of AWS, Azure or Google."""
    region: str | None = None
    """Region; absent: `us-east-1`."""
    access_key: str | None = None
    """Access key id, account or e-mail; absent: nothing is signed."""
    secret_key: str | None = None
    """Always `******`; absent: there is none."""
    path_style: bool | None = None
    """Whether the bucket stands in the path of addresses."""
    tls_verify: bool | None = None
    """Whether certificates are verified."""
    folder: str | None = None
    """The folder whose sub-folders are the buckets."""
    buckets: list[str]
    """The buckets in it; empty: all that no other store of the project names."""
    created_at: int
    """Milliseconds since the epoch."""
    updated_at: int
    """Milliseconds since the epoch."""


class ObjectStoreList(Wire):
    """The answer to a list of object stores."""

    count: int
    """Entries."""
    object_stores: list[ObjectStoreInfo]
    """The stores, by name."""


class ObjectCheck(Wire):
    """The body that asks whether an object can be read, or whether objects can be written."""

    bucket: Bucket
    """Its bucket."""
    path: ObsPath
    """Its name in the bucket; with `write`, the folder that is written to."""
    write: bool = False
    """Whether a small object is written there, read back and removed, instead."""


class ObjectCheckInfo(Wire):
    """Whether an object can be read, or written."""

    readable: bool
    """Whether its beginning was read just now; with `write`, whether what was written was read back."""
    size: int | None = None
    """Bytes of the object; absent where it cannot be read, the store does not say, or it was written for the check."""
    writable: bool | None = None
    """With `write`: whether it was written."""
    removed: bool | None = None
    """With `write`: whether it was removed again."""
    object: str | None = None
    """With `write`: name of the object in the bucket."""
    error_code: str | None = None
    """Code of the error that tasks or deliveries would end with; absent where nothing failed."""
    reason: str | None = None
    """Why it cannot be read, written or removed; of several reasons the first."""


def store_info(store: ObjectStore) -> dict[str, Any]:
    """Return the document of a store."""
    info = {
        "name": store.name,
        "kind": store.kind.value,
        "endpoint": store.endpoint or None,
        "region": store.region or None,
        "access_key": store.access_key or None,
        "secret_key": MASK if store.secret_key else None,
        "path_style": store.path_style,
        "tls_verify": store.tls_verify,
        "folder": store.folder or None,
        "buckets": list(store.buckets),
        "created_at": store.created_at,
        "updated_at": store.updated_at,
    }
    absent = _LEFT_OUT[store.kind]
    return {name: value for name, value in info.items() if value is not None and name not in absent}


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_base64(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) > 0
    except (binascii.Error, ValueError):
        return False


def _is_private(text: str) -> bool:
    try:
        return isinstance(load_pem_private_key(text.encode(), password=None), RSAPrivateKey)
    except (ValueError, TypeError):
        return False
