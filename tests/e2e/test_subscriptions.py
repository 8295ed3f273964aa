"""A subscriber of the event center of a real service."""

from collections import Counter

from e2e.conftest import LINE
from e2e.service import Receiver, Service, until

OURS = "/vedette/v1/{p}"


def test_a_subscriber_has_what_was_approved_and_each_once(
    service: Service, clip: tuple[str, int], receiver: Receiver
) -> None:
    """Manual review is a gate: nothing before it, nothing that was rejected, and nothing again."""
    hook = receiver.output()["webhook"]
    body = {"name": "control room", "address": hook["url"], "headers": hook["headers"]}
    status, made = service.ask("POST", f"{OURS}/subscriptions", body)
    assert status == 201, made
    service.call("PUT", f"{OURS}/event-rules", {"manual_review": True, "aggregate": False})
    try:
        task = service.create("reviewed", clip[0], target_roi=LINE)
        service.wait_for(task, "SUCCEEDED", seconds=90)
        ids = [event["id"] for event in service.events(task)]
        assert len(ids) == clip[1]
        assert receiver.calls == 0
        approved, rejected = ids[::2], ids[1::2]
        for state, some in (("rejected", rejected), ("approved", approved), ("approved", approved)):
            answer = service.call("POST", f"{OURS}/events/review", {"event_ids": some, "state": state})
            assert answer["count"] == len(some)
        service.call("PUT", f"{OURS}/event-rules", {"manual_review": False, "aggregate": False})
        service.call("POST", f"{OURS}/events/{approved[0]}/review", {"state": "approved"})

        def standing() -> dict[str, int]:
            return dict(service.call("GET", f"{OURS}/subscriptions/{made['id']}"))

        until(lambda: standing()["delivered_count"] == len(approved), 30, "the last delivery")
        assert standing()["pending_count"] == 0
        assert Counter(body["message_id"] for body in receiver.bodies) == Counter(approved)
    finally:
        service.call("PUT", f"{OURS}/event-rules", {"manual_review": False, "aggregate": False})
        assert service.ask("DELETE", f"{OURS}/subscriptions/{made['id']}")[0] == 204
