"""Subscriptions and rules over HTTP: secrets never come back, and what cannot be is refused by name."""

from typing import Any

import pytest
from service import Answer, Client, Service

BODY = {"name": "desk", "address": "http://ada:s3same@desk.test/events", "headers": {"X-Key": "open-s3same"}}


def ours(client: Client) -> str:
    return f"/vedette/v1/{client.account.project_id}"


def make(client: Client, **given: Any) -> Answer:
    return client.call("POST", f"{ours(client)}/subscriptions", BODY | given)


def test_a_subscription_shows_no_secret_and_keeps_what_is_masked(service: Service, client: Client) -> None:
    """Sent back as it was shown, it stays as it was; for another host the secrets are asked for."""
    made = make(client)
    assert made.status == 201
    shown = made.json
    assert (shown["address"], shown["headers"]) == ("http://******@desk.test/events", {"X-Key": "******"})
    assert (shown["source_count"], shown["delivered_count"], shown["sources"]) == (0, 0, [])
    one = f"{ours(client)}/subscriptions/{shown['id']}"
    assert client.call("GET", one).json == shown
    again = client.call("PUT", one, {name: shown[name] for name in BODY} | {"name": "gate"})
    assert (again.status, again.json["name"], again.json["created_at"]) == (200, "gate", shown["created_at"])
    for address, param in (("http://******@else.test/", "address"), ("http://else.test/", "headers")):
        refused = client.call("PUT", one, BODY | {"address": address, "headers": shown["headers"]})
        assert (refused.status, refused.json["params"]) == (400, [param])
    refused = make(client, name="masked", headers={"X-Key": "******"})
    assert (refused.status, refused.json["params"]) == (400, ["headers"])
    assert b"s3same" not in service.stored()
    assert client.call("DELETE", one).status == 204
    assert client.call("GET", one).status == 400


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"name": ""}, "name"),
        ({"address": "ftp://desk.test/"}, "address"),
        ({"headers": {}}, "headers"),
        ({"sources": ["nobody"]}, "sources"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused_by_name(client: Client, given: dict[str, Any], param: str) -> None:
    """Nothing is accepted that could never be called."""
    answer = make(client, **given)
    assert answer.status == 400
    assert answer.json["params"] == [param]


def test_a_name_is_taken_once_and_a_create_that_is_repeated_makes_one(client: Client) -> None:
    """A client that lost the answer asks again."""
    first, again = (client.call("POST", f"{ours(client)}/subscriptions", BODY, Idempotency_Key="k") for _ in range(2))
    assert (first.status, first.json) == (again.status, again.json)
    assert make(client).json["error_code"] == "VIAS.00010003"
    assert client.call("GET", f"{ours(client)}/subscriptions").json["count"] == 1


def test_rules_are_shown_as_they_were_put(client: Client) -> None:
    """The window is kept between; a day is the longest."""
    path = f"{ours(client)}/event-rules"
    assert client.call("GET", path).json == {"manual_review": False, "aggregate": False, "window_s": 60}
    rules = {"manual_review": True, "aggregate": True, "window_s": 86_400}
    assert client.call("PUT", path, rules).json == rules
    assert client.call("GET", path).json == rules
    for given, param in (
        ({"window_s": 0}, "window_s"),
        ({"window_s": 86_401}, "window_s"),
        ({"aggregate": None}, "aggregate"),
    ):
        refused = client.call("PUT", path, rules | given)
        assert (refused.status, refused.json["params"]) == (400, [param])


def test_a_batch_of_reviews_is_bounded_and_has_no_event_twice(client: Client) -> None:
    """A thousand in one transaction is what others can wait for."""
    ids = [f"C8F67CE2-9C2A-81EB-BBF6-{n:012X}" for n in range(1001)]
    path = f"{ours(client)}/events/review"
    for some in (ids, ids[:1] * 2, [], ["x"]):
        assert client.call("POST", path, {"event_ids": some, "state": "approved"}).json["params"] == ["event_ids"]
    answer = client.call("POST", path, {"event_ids": ids[:1000], "state": "approved"})
    assert (answer.status, answer.json["count"]) == (200, 0)
    assert {one["result"] for one in answer.json["results"]} == {"unknown"}
    refused = client.call("POST", path, {"event_ids": ids[:1], "state": "unreviewed"})
    assert refused.json["params"] == ["state"]
