"""The signature against vectors that the vendor's own signer made."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vedette.auth.signature import Claim, SignedRequest, canonical_requests, parse, verify
from vedette.model.errors import BadSignature

ACCESS = "AKTESTVECTOR00000001"
SECRET = "SKtestvector+/secret-0000000000000000001"
DATE = b"20240422T080000Z"
NOW = datetime(2024, 4, 22, 8, tzinfo=UTC).timestamp()
PROJECT = "0123456789abcdef0123456789abcdef"
P = f"/v2/{PROJECT}"
TASK = "00112233445566778899aabbccddeeff"
JSON = ("content-type", "application/json")
IN_PROJECT = ("x-project-id", PROJECT)

# number, method, path, query, further headers, body, SHA-256 of the canonical request, signature
VECTORS: list[tuple[str, str, str, str, Sequence[tuple[str, str]], str, str, str]] = [
    ("1", "GET", f"{P}/tasks/{TASK}", "", (JSON, IN_PROJECT), "",
     "642737ce0f7a44270e2f4b4a34357a88242dccd83aafa480565940cc026cedf7",
     "d8e7baf9abc97dd006adbde0a0255dbc143be3cce8a24d100bbed6b471db52b4"),
    ("2", "GET", f"{P}/tasks", "page=1&page_size=10&task_name=a%20b%2Fc~%E4%B8%AD%2B%25", (), "",
     "acd1eb9730b09b7c8c39188902221fc6a57e2c16adff45c857e14121e676dd34",
     "761647849e07553a752f0554bdbb8dab3995567d8f3d4449c240e4d0c88b0afc"),
    ("3", "GET", f"{P}/source/sources", "status=exception&status=online", (), "",
     "109e55804e0b96e95030cd0a511b73a7d1c0f790185209915bc0e55368705311",
     "cfa5091ced9bba00b28da614121a380710bb9e76923fcec238c822bc041efcb1"),
    ("4", "POST", f"{P}/services/c-intrusiondetection/tasks", "", (JSON, ("user-agent", "demo/1"), IN_PROJECT),
     '{"name":"t1","service_version":"1.0","description":"\u4e2d"}',
     "9b3ea758aa15642f9bdd664becdcd2ffc75c2d0bf6020eed3fcd9dc7e3852e45",
     "d54aa7fe1b415e6fbce6ed6a0252736c4db6ca66a1a19580f5ea7ea26d5bbdc2"),
    ("5", "PUT", f"{P}/tasks/{TASK}/action/stop", "", (JSON,), "",
     "be9fd1666828b1217cc25710a1a66e74b8c2340b33061d811bbf2f9fca7deba5",
     "79321130b27934b082fc9c5cb39acadd4d05d2988a059c6e03d97ee6510acb07"),
]  # fmt: skip


def made(number: str) -> tuple[SignedRequest, Claim, str]:
    _, method, path, query, further, body, digest, signature = next(v for v in VECTORS if v[0] == number)
    headers = dict((*further, ("host", "127.0.0.1:8080"), ("x-sdk-date", DATE.decode())))
    request = SignedRequest(
        method=method,
        path=path.encode(),
        query=query.encode(),
        headers=[(name.encode(), value.encode()) for name, value in headers.items()],
        body=body.encode(),
    )
    names = ";".join(sorted(headers))
    return request, parse(f"SDK-HMAC-SHA256 Access={ACCESS}, SignedHeaders={names}, Signature={signature}"), digest


@pytest.mark.parametrize("number", ["1", "2", "3", "4", "5"])
def test_a_request_of_the_vendors_signer_holds(number: str) -> None:
    """Canonical request and signature, both as that signer has them."""
    request, claim, digest = made(number)
    assert claim.access_key == ACCESS
    assert digest in {hashlib.sha256(text).hexdigest() for text in canonical_requests(request, claim.signed_headers)}
    verify(request, claim, SECRET, NOW)


def test_repeated_names_hold_sorted_and_in_the_order_they_were_sent() -> None:
    """Python and Node sort the values, Java keeps their order."""
    request, claim, _ = made("3")
    turned = replace(request, query=b"status=online&status=exception")
    verify(turned, claim, SECRET, NOW)  # signed sorted, sent otherwise
    both = list(canonical_requests(turned, claim.signed_headers))
    assert len(both) == 2
    assert b"status=online&status=exception" in both[1]


@pytest.mark.parametrize(("seconds", "holds"), [(900, True), (901, False), (-900, True), (-901, False)])
def test_the_clocks_may_differ_by_fifteen_minutes(seconds: int, holds: bool) -> None:
    """Beyond it the request is a replay or the clock is wrong."""
    request, claim, _ = made("1")
    if holds:
        verify(request, claim, SECRET, NOW + seconds)
    else:
        with pytest.raises(BadSignature, match="expired"):
            verify(request, claim, SECRET, NOW + seconds)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"path": b"/v2/p/tasks/other"},
        {"query": b"a=1"},
        {"body": b"{}"},
        {"headers": [(b"host", b"127.0.0.1:8080"), (b"x-sdk-date", DATE), *[(b"x-project-id", b"p")] * 2]},
        {"headers": [(b"host", b"elsewhere"), (b"x-sdk-date", DATE)]},
    ],
)
def test_what_was_changed_on_the_way_does_not_hold(change: dict[str, object]) -> None:
    """The signature covers all of it."""
    request, claim, _ = made("1")
    with pytest.raises(BadSignature):
        verify(replace(request, **change), claim, SECRET, NOW)  # type: ignore[arg-type]


def test_another_secret_does_not_hold() -> None:
    """It is the one thing a stranger lacks."""
    request, claim, _ = made("1")
    with pytest.raises(BadSignature):
        verify(request, claim, SECRET + "x", NOW)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer abc",
        "SDK-HMAC-SHA256",
        "V11-HMAC-SHA256 Access=a, SignedHeaders=host;x-sdk-date, Signature=" + "0" * 64,
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=" + "0" * 64,
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date, Signature=" + "0" * 64,
        "SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x-sdk-date, Signature=00",
    ],
)
def test_a_claim_of_another_form_is_refused(authorization: str) -> None:
    """Host and date must be signed, or a request could be sent elsewhere and later."""
    with pytest.raises(BadSignature):
        parse(authorization)


def test_a_path_is_signed_decoded_and_encoded_again() -> None:
    """However a client wrote it, and always with a slash at its end."""
    request, claim, _ = made("1")
    odd = replace(request, path=b"/v2/a%2db/%E4%B8%AD c/")
    canonical = next(iter(canonical_requests(odd, claim.signed_headers)))
    assert canonical.split(b"\n")[1] == b"/v2/a-b/%E4%B8%AD%20c/"
