"""Signed addresses: the same bytes as another library makes, and nothing of the environment in them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import obstore
import pytest
from botocore.config import Config
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from obstore.store import GCSStore, S3Store

from vedette.media import signing
from vedette.media.objects import StoredObject, find, stored_behind
from vedette.media.signing import Act, plain, signed
from vedette.model.errors import SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.source import Address, Liveness, Lookup, ObjectLookup

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
S3 = ObjectStore("s", StoreKind.S3, "http://127.0.0.1:9000", "eu-1", "AK", "SK")
NAMES = ["gate.mp4", "gate north/2026 五月.mp4", "a+b&c=d,e;f@g!.mp4", "100%25/[x]{y}'(z)~.mp4"]


def stamp(url: str, name: str) -> datetime:
    """Return when the other library signed."""
    (date,) = parse_qs(urlsplit(url).query)[name]
    return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@pytest.mark.parametrize("name", [*NAMES, "#1?.mp4"])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "https://store.example", "https://store.example/s3"])
def test_s3_is_signed_as_by_another_library(name: str, endpoint: str) -> None:
    """AWS Signature Version 4, of an address with the bucket in its path."""
    other = S3Store("clips", endpoint=endpoint, region="eu-1", access_key_id="AK", secret_access_key="SK", virtual_hosted_style_request=False, client_options={"allow_http": True})  # fmt: skip
    theirs = obstore.sign(other, "GET", name, timedelta(hours=1))
    ours = signed(
        ObjectStore("s", StoreKind.S3, endpoint, "eu-1", "AK", "SK"), "clips", name, stamp(theirs, "X-Amz-Date")
    )
    assert ours == theirs


def test_s3_is_signed_for_the_host_that_bears_the_bucket() -> None:
    other = S3Store("clips", region="eu-1", access_key_id="AK", secret_access_key="SK", virtual_hosted_style_request=True)  # fmt: skip
    theirs = obstore.sign(other, "GET", "gate.mp4", timedelta(hours=1))
    store = ObjectStore("s", StoreKind.S3, "", "eu-1", "AK", "SK", path_style=False)
    assert signed(store, "clips", "gate.mp4", stamp(theirs, "X-Amz-Date")) == theirs


@pytest.mark.parametrize("name", [*NAMES, "#1?.mp4"])
def test_s3_is_signed_for_writing_as_by_another_library(name: str) -> None:
    other = S3Store("clips", endpoint="http://127.0.0.1:9000", region="eu-1", access_key_id="AK", secret_access_key="SK", virtual_hosted_style_request=False, client_options={"allow_http": True})  # fmt: skip
    theirs = obstore.sign(other, "PUT", name, timedelta(hours=1))
    assert signed(S3, "clips", name, stamp(theirs, "X-Amz-Date"), Act("PUT")) == theirs


def test_a_part_of_an_upload_is_signed_as_by_another_library() -> None:
    """The names of the query stand in the order that the canonical form wants, and an empty value is one."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    other = boto3.client("s3", endpoint_url=S3.endpoint, region_name="eu-1", aws_access_key_id="AK", aws_secret_access_key="SK", config=config)  # fmt: skip
    named = {"Bucket": "clips", "Key": "a/b.json", "PartNumber": 2, "UploadId": "a+b/c="}
    theirs = other.generate_presigned_url("upload_part", Params=named)
    act = Act("PUT", (("partNumber", "2"), ("uploadId", "a+b/c=")))
    ours = signed(S3, "clips", "a/b.json", stamp(theirs, "X-Amz-Date"), act)
    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(theirs).query)
    begun = signed(S3, "clips", "a/b.json", NOW, Act("POST", (("uploads", ""),)))
    assert "&uploads=&X-Amz-Signature=" in begun


def test_gcs_is_signed_as_by_another_library() -> None:
    """RSA with PKCS #1 v1.5 gives the same signature for the same text."""
    form = serialization.PrivateFormat.PKCS8
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    account = {"type": "service_account", "client_email": "a@b.example", "private_key": pem, "private_key_id": "1"}
    other = GCSStore("clips", service_account_key=json.dumps(account))
    theirs = obstore.sign(other, "GET", "gate north/1.mp4", timedelta(hours=1))
    store = ObjectStore("s", StoreKind.GCS, "", "", "a@b.example", pem)
    assert signed(store, "clips", "gate north/1.mp4", stamp(theirs, "X-Goog-Date")) == theirs


@pytest.mark.parametrize("kind", [StoreKind.S3, StoreKind.AZURE, StoreKind.GCS])
@pytest.mark.parametrize("name", [*NAMES, "#1?.mp4"])
def test_a_store_without_keys_is_asked_without_a_signature(kind: StoreKind, name: str) -> None:
    store = ObjectStore("s", kind, "https://store.example:8443/base/")
    url = signed(store, "clips", name, NOW)
    assert url == plain(store, "clips", name)
    parts = urlsplit(url)
    assert (unquote(parts.path), parts.query, parts.fragment) == (f"/base/clips/{name}", "", "")


def test_azure_is_signed_for_one_object_to_read_for_an_hour() -> None:
    """What the signature is worth, Azurite tells in another test."""
    store = ObjectStore("s", StoreKind.AZURE, "", "", "account", "a2V5")
    parts = urlsplit(signed(store, "clips", "gate.mp4", NOW))
    assert parts.netloc == "account.blob.core.windows.net"
    fields = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert (fields["sp"], fields["sr"], fields["spr"]) == ("r", "b", "https")
    assert (fields["st"], fields["se"]) == ("2026-05-04T12:25:00Z", "2026-05-04T13:30:00Z")


@pytest.mark.parametrize(("kind", "key"), [(StoreKind.AZURE, "no base64!"), (StoreKind.GCS, "no pem")])
def test_a_key_that_cannot_sign_is_refused_without_being_told(kind: StoreKind, key: str) -> None:
    with pytest.raises(SourceRefused) as raised:
        signed(ObjectStore("s", kind, "", "", "account", key), "clips", "gate.mp4", NOW)
    assert key not in str(raised.value)


def test_the_environment_of_the_operator_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another project's store must not be asked with the operator's own credentials."""
    before = signed(S3, "clips", "gate.mp4", NOW)
    for name in ("AWS_SESSION_TOKEN", "AWS_ENDPOINT", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "http://elsewhere.example")
    assert signed(S3, "clips", "gate.mp4", NOW) == before


def test_every_connection_has_an_address_signed_for_it() -> None:
    """A long analysis outlives the hour that a signature holds."""
    times = iter([NOW.timestamp(), NOW.timestamp() + 7200])
    stored = StoredObject(ObjectLookup(S3, "clips", "gate.mp4"), clock=lambda: next(times))
    first, second = stored.url(), stored.url()
    assert "20260504T123000Z" in first
    assert "20260504T143000Z" in second
    assert round(signing.LASTS.total_seconds()) == 3600


def test_a_found_address_keeps_what_it_takes_to_sign_again() -> None:
    lookup = ObjectLookup(replace(S3, tls_verify=False), "clips", "gate.mp4")
    address = Address("", Liveness.FILE, True, Lookup(stored=lookup))
    found = find(address, lookup, GuardPolicy())
    assert found.tls_verify is False
    assert found.url.startswith("http://127.0.0.1:9000/clips/gate.mp4?X-Amz-Algorithm=")
    assert stored_behind(found) is not None
    assert stored_behind(Address("http://a.example/x.mp4", Liveness.FILE)) is None


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (404, b"<Error><Code>NoSuchBucket</Code></Error>", "no bucket 'clips' (404 NoSuchBucket)"),
        (404, b"", "no object 'gate.mp4' in the bucket 'clips', or no such bucket (404)"),
        (404, b"<Code>BlobNotFound</Code>", "(404 BlobNotFound)"),
        (403, b"<Code>AccessDenied</Code>", "check its keys and region, and what they may read (403 AccessDenied)"),
        (403, b"<Code>RequestTimeTooSkewed</Code>", "compare the clock"),
        (301, b"<Code>PermanentRedirect</Code>", "check endpoint and region (301 PermanentRedirect)"),
        (307, b"", "check endpoint and region (307)"),
        (400, b"<Code>AuthorizationHeaderMalformed</Code>", "check endpoint and region"),
        (403, b'{"error": {"code": 403, "errors": [{"reason": "forbidden"}]}}', "(403 forbidden)"),
        (418, b"\xff\xfe<Code>\xff</Code>", "refuses to give the object"),
    ],
)
def test_a_refusal_is_told_in_the_users_words(status: int, answer: bytes, said: str) -> None:
    error = StoredObject(ObjectLookup(S3, "clips", "gate.mp4")).refusal(status, answer)
    assert isinstance(error, SourceRefused)
    assert said in str(error)


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, b""), (503, b"<Code>SlowDown</Code>"), (429, b""), (400, b"<Code>RequestTimeout</Code>"), (408, b"")],
)
def test_a_busy_store_is_asked_again(status: int, answer: bytes) -> None:
    assert isinstance(StoredObject(ObjectLookup(S3, "c", "g")).refusal(status, answer), SourceUnreachable)


def test_a_store_without_keys_says_so_when_it_is_denied() -> None:
    store = ObjectStore("s", StoreKind.S3, "http://127.0.0.1:9000")
    assert "it has no keys (403)" in str(StoredObject(ObjectLookup(store, "c", "g")).refusal(403, b""))


@pytest.mark.parametrize("path", ["..", "a/../b.mp4", "./a.mp4", "a/."])
def test_a_name_with_steps_is_refused(path: str) -> None:
    with pytest.raises(SourceRefused, match="steps"):
        StoredObject(ObjectLookup(S3, "clips", path)).url()


def test_no_secret_shows_where_an_address_is_printed() -> None:
    lookup = ObjectLookup(ObjectStore("s", StoreKind.S3, "http://127.0.0.1:9000", "", "AK", "hunter2"), "c", "g.mp4")
    assert "hunter2" not in repr(Address("", Liveness.FILE, True, Lookup(stored=lookup)))
