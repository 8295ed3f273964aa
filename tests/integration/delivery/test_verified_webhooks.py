"""Calls as others verify them: by the library of Standard Webhooks, and by that of CloudEvents."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_binary_event
from standardwebhooks import Webhook, WebhookVerificationError

from vedette.delivery.posting.poster import Posters
from vedette.delivery.signing import new_secret
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.delivery.terms import FRESH_S, ProjectTerms
from vedette.model.errors import SinkBusy
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, ProjectId, TaskId, new_hex
from vedette.model.output import WebhookOutput
from vedette.model.webhook_secret import WebhookSecret
from vedette.store import webhook_secrets
from vedette.store.db import Database
from vedette.store.tables import projects
from vedette.store.vault import Vault

Start = Callable[..., Awaitable[Any]]
JPEG = b"\xff\xd8" + bytes(range(256)) * 40 + b"\xff\xd9"
PROJECT = ProjectId("p1")


class Sender:
    """A project that has webhooks, and a clock that goes on from call to call."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self.db, self.vault, self.now_s = db, vault, 0.0

    async def secret(self, **given: int) -> tuple[str, str]:
        """Make a secret; return its id and itself."""
        made, secret = WebhookSecret(new_hex(), round(self.now_s * 1000)), new_secret()
        await self.db.write(lambda conn: webhook_secrets.add(conn, self.vault, PROJECT, made, secret, **given))
        return made.id, secret

    async def call(self, terms: ProjectTerms, url: str, **headers: str) -> None:
        """Tell an event with a picture, after what was remembered of the project is stale."""
        self.now_s += FRESH_S
        message = {"event_type": 196609, "stream_id": "gate", "message_id": "E-1", "data": {"event_set": []}}
        told = Delivery(
            EventId("E-1"), TaskId("t1"), 1, message, JPEG, WebhookOutput(url, headers or {"a": "b"}),
            number=7, timestamp_ms=1_713_772_800_000, event_type=196609, project_id=PROJECT,
        )  # fmt: skip
        async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
            sink = WebhookSink(posters, terms=terms.of, kinds={196609: "intrusion"})
            await sink.send(told)

    def terms(self, vault: Vault | None = None) -> ProjectTerms:
        return ProjectTerms(
            self.db, vault or self.vault, clock=lambda: round(self.now_s * 1000), monotonic=lambda: self.now_s
        )


@pytest.fixture
async def sender(post: Any) -> Sender:
    await post.db.write(
        lambda conn: (
            conn.execute(projects.insert().values(id=PROJECT, name="p", domain="Default", created_at=0)).rowcount
        )
    )
    return Sender(post.db, post.vault)


def headers(environ: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a call as the manual's receiver sees them."""
    found = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return found | {"content-type": environ["CONTENT_TYPE"]}


async def test_a_signed_call_is_verified_by_the_specifications_own_library(sender: Sender, plain: Any) -> None:
    """While secrets change, receivers that know the old one and those that know the new one both verify it."""
    terms, url = sender.terms(), f"http://127.0.0.1:{plain.port}/"
    await sender.call(terms, url)
    assert not any(name.startswith("webhook-") for name in headers(plain.environs[0]))
    old_id, old = await sender.secret()
    await sender.call(terms, url, **{"Webhook-Id": "forged", "webhook-signature": "v1,forged"})
    _, new = await sender.secret()
    await sender.call(terms, url)
    await sender.db.write(webhook_secrets.remove, PROJECT, old_id, 0)
    await sender.call(terms, url)
    verified = [[_verified(secret, environ, body) for secret in (old, new)] for environ, body in _calls(plain)]
    assert verified == [[True, False], [True, True], [False, True]]
    [_, first, *_] = plain.environs
    assert first["HTTP_WEBHOOK_ID"] == "E-1"


async def test_a_body_that_was_changed_on_its_way_is_not_verified(sender: Sender, plain: Any) -> None:
    """Else the test above would prove nothing."""
    _, secret = await sender.secret()
    await sender.call(sender.terms(), f"http://127.0.0.1:{plain.port}/")
    [(environ, body)] = zip(plain.environs, plain.bodies, strict=True)
    assert _verified(secret, environ, body)
    assert not _verified(secret, environ, body.replace(b"196609", b"196610"))


async def test_a_secret_whose_time_is_over_no_longer_signs(sender: Sender, plain: Any) -> None:
    """`others_expire_after` ends a change-over by itself."""
    terms, url = sender.terms(), f"http://127.0.0.1:{plain.port}/"
    _, old = await sender.secret()
    _, new = await sender.secret(others_until=2_500)
    for _ in range(3):
        await sender.call(terms, url)
    verified = [[_verified(secret, environ, body) for secret in (old, new)] for environ, body in _calls(plain, 0)]
    assert verified == [[True, True], [True, True], [False, True]]


async def test_nothing_is_sent_unsigned_while_the_secrets_cannot_be_opened(
    sender: Sender, plain: Any, tmp_path: Path
) -> None:
    """A receiver that checks would refuse it, and one that does not would be told by anybody."""
    await sender.secret()
    with pytest.raises(SinkBusy, match="webhook secrets"):
        await sender.call(sender.terms(Vault.from_file(tmp_path / "other")), f"http://127.0.0.1:{plain.port}/")
    assert plain.bodies == []


async def test_a_call_is_a_cloud_event_in_binary_mode(sender: Sender, plain: Any) -> None:
    """Read by the project's own library; the body is what it was."""
    await sender.call(sender.terms(), f"http://127.0.0.1:{plain.port}/", **{"ce-id": "forged", "a": "b"})
    [(environ, body)] = zip(plain.environs, plain.bodies, strict=True)
    event = from_binary_event(HTTPMessage(headers(environ), body))
    assert event.get_id() == "E-1"
    assert event.get_type() == "vedette.event.intrusion"
    assert event.get_source() == "/vedette/v1/p1/tasks/t1"
    assert event.get_subject() == "gate"
    assert event.get_specversion() == "1.0"
    at = event.get_time()
    assert at is not None
    assert at.timestamp() == 1_713_772_800
    assert event.get_extension("sequence") == "00000000000000000007"
    assert event.get_data() == json.loads(body)
    assert environ["HTTP_X_VEDETTE_SEQUENCE"] == "7"


def _calls(plain: Any, first: int = 1) -> list[tuple[dict[str, Any], bytes]]:
    return list(zip(plain.environs, plain.bodies, strict=True))[first:]


def _verified(secret: str, environ: dict[str, Any], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers(environ))
    except WebhookVerificationError:
        return False
    return True
