"""The bodies about the secrets of webhooks, and about what they may reach."""

from typing import Any

from fields_scene import Kind, Row, Rows, Scene

from vedette.delivery.posting.poster import Posters
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.webhook import WebhookSink
from vedette.delivery.terms import ProjectTerms
from vedette.model.errors import SinkForbidden
from vedette.model.guard import GuardPolicy
from vedette.model.ids import EventId, ProjectId, TaskId
from vedette.model.output import WebhookOutput


def _ends(scene: Scene, seconds: int) -> Any:
    """Look at when the secret that was there ends."""
    path = f"{scene.ours}/webhook-secrets"
    scene.done("POST", path, {})
    scene.done("POST", path, {"others_expire_after": seconds})
    ends = [one["expires_at"] for one in scene.get(path)["webhook_secrets"]]
    return sorted(at - scene.service.clock.now for at in ends if at is not None)


def _reached(scene: Scene, places: list[str]) -> bool:
    """Look at whether a webhook of the project reaches a receiver that the guard forbids."""
    scene.done("PUT", f"{scene.ours}/guard-allow", {"guard_allow": places})
    return bool(scene.service.run(_call(scene)))


async def _call(scene: Scene) -> bool:
    project = ProjectId(scene.client.account.project_id)
    target = WebhookOutput(scene.receiver.url, {"a": "b"})
    terms = ProjectTerms(scene.service.db, scene.service.vault, scene.service.clock)
    async with Posters(GuardPolicy()) as posters:
        sink = WebhookSink(posters, terms=terms.of)
        try:
            await sink.send(Delivery(EventId("E"), TaskId("t"), 1, {}, None, target, project_id=project))
        except SinkForbidden:
            return False
    return True


def rows() -> Rows:
    """Return the rows of all bodies about webhooks."""
    return {
        "CreateWebhookSecret:others_expire_after": Row(Kind.EFFECT, _ends, 60, 120),
        "UpdateGuardAllow:guard_allow": Row(Kind.EFFECT, _reached, ["127.0.0.1"], ["10.0.0.1"]),
    }
