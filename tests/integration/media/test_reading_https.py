"""Certificates: verified unless the task says otherwise, for the name in the URL and not for the address."""

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from file_server import Manners, handler_of

from conftest import LOOPBACK, MakeClip, trace  # the nearest one
from vedette.media.reader import Reader
from vedette.model.errors import SourceRefused
from vedette.model.source import Address, Liveness


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for `camera.test` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera.test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("camera.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )
    return paths


@pytest.fixture
def port(make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """An https server for `camera.test`, which resolves to loopback."""
    manners = Manners(make_clip().read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(manners))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] - a client that hangs up is the test
    number = int(server.server_address[1])
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", number))])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield number
    server.shutdown()
    server.server_close()
    thread.join()


def _count(url: str, *, tls_verify: bool = True) -> int:
    address = Address(url, Liveness.FILE, tls_verify=tls_verify)
    with Reader(address, policy=LOOPBACK) as reader:
        return len(trace(reader.pictures()))


def test_a_certificate_nobody_vouches_for_is_refused(port: int) -> None:
    """FFmpeg by itself would take it."""
    with pytest.raises(SourceRefused, match="certificate"):
        _count(f"https://camera.test:{port}/clip")


def test_a_task_may_waive_the_check(port: int) -> None:
    """Cameras have certificates of their own making; and nothing is warned of on every request."""
    assert _count(f"https://camera.test:{port}/clip", tls_verify=False) == 75


def test_a_certificate_must_be_for_the_name_in_the_url(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to an address, the promise was given by a name."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    assert _count(f"https://camera.test:{port}/clip") == 75
    with pytest.raises(SourceRefused, match="certificate"):
        _count(f"https://other.test:{port}/clip")
