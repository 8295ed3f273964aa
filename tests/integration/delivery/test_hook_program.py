"""Calls of webhooks to a program that is not ours: Debian's `webhook` looks at header and body, and runs a command."""

from collections.abc import Iterator
from typing import Any

import pytest

from absence import missing
from neighbours.hooks import Hooks, absent
from vedette.delivery.posting.poster import Posters
from vedette.delivery.signing import new_secret
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.delivery.terms import ProjectTerms
from vedette.model.errors import SinkRefused
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, ProjectId, TaskId, new_hex
from vedette.model.output import WebhookOutput
from vedette.model.webhook_secret import WebhookSecret
from vedette.store import webhook_secrets
from vedette.store.tables import projects

JPEG = b"\xff\xd8" + bytes(range(256)) * 150 + b"\xff\xd9"
PROJECT, KEY, INTRUSION = ProjectId("p1"), "a long random text", 196609
ENTRY = {"bounding_box": {"x": 1, "y": 2, "w": 101, "h": 161}, "category": 0}


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hooks]:
    reason = absent()
    if reason:
        missing(reason)
    with Hooks(tmp_path_factory.mktemp("hooks"), KEY, INTRUSION) as running:
        yield running


def told(url: str, number: int, picture: bytes | None = None, key: str = KEY, kind: int = INTRUSION) -> Delivery:
    name = f"E-{number}"
    message: dict[str, Any] = {"event_type": kind, "message_id": name, "data": {"event_set": [ENTRY]}}
    return Delivery(
        EventId(name), TaskId("t1"), 1, message, picture, WebhookOutput(url, {"X-Key": key}),
        number=number, timestamp_ms=1_713_772_800_000, event_type=kind, project_id=PROJECT,
    )  # fmt: skip


@pytest.fixture
async def terms(post: Any) -> ProjectTerms:
    """What is said of a project whose calls are signed."""
    secret = WebhookSecret(new_hex(), 0)

    def make(conn: Any) -> None:
        conn.execute(projects.insert().values(id=PROJECT, name="p", domain="Default", created_at=0))
        webhook_secrets.add(conn, post.vault, PROJECT, secret, new_secret())

    await post.db.write(make)
    return ProjectTerms(post.db, post.vault, clock=lambda: 1, monotonic=lambda: 0.0)


async def send(terms: ProjectTerms, *deliveries: Delivery) -> None:
    async with Posters(GuardPolicy.parse("lan", ["127.0.0.1"])) as posters:
        sink = WebhookSink(posters, terms=terms.of, kinds={INTRUSION: "intrusion"})
        for delivery in deliveries:
            await sink.send(delivery)


async def test_signed_calls_pass_its_rules_and_reach_its_command_whole(hooks: Hooks, terms: ProjectTerms) -> None:
    """It reads the user's header, fields of the body however deep, our own headers, and the picture as a file.

    Its own check of signatures is over the body alone, and cannot verify those of Standard Webhooks, which cover the
    time too; so it lets calls through by a secret header, as the guide says.
    """
    before = len(hooks.kept())
    await send(terms, told(hooks.url, 1, JPEG), told(hooks.url, 2))
    first, second = hooks.kept()[before:]
    assert first["arguments"] == ["E-1", "E-1", "1", "E-1", "vedette.event.intrusion", "0", "101"]
    assert second["arguments"] == ["E-2", "E-2", "2", "E-2", "vedette.event.intrusion", "0", "101"]
    assert bytes.fromhex(first["picture"]) == JPEG
    assert second["picture"] in (None, "")


@pytest.mark.parametrize("fault", [{"key": "guessed"}, {"kind": 196610}])
async def test_what_its_rules_do_not_let_through_is_refused_for_good(
    hooks: Hooks, terms: ProjectTerms, fault: dict[str, Any]
) -> None:
    """Else a program that takes anything would pass the test above."""
    before = hooks.kept()
    with pytest.raises(SinkRefused, match="403"):
        await send(terms, told(hooks.url, 3, **fault))
    assert hooks.kept() == before
