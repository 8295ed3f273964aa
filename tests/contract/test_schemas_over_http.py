"""The schemas of messages over HTTP: listed, shown one by one, and the same as in the reference."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from service import Client

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"


def test_the_schemas_of_all_kinds_are_listed_and_each_is_shown_for_a_validator(client: Client) -> None:
    """As the published files have them, so that a receiver may be written before there is a service."""
    path = f"/vedette/v1/{client.account.project_id}/message-schemas"
    listed = client.call("GET", path).json
    assert listed["count"] == len(listed["message_schemas"])
    kinds = [(one["event_type"], one["kind"]) for one in listed["message_schemas"]]
    assert kinds == sorted(kinds)
    assert {(196609, "intrusion"), (196610, "loitering")} <= set(kinds)
    for one in listed["message_schemas"]:
        shown = client.call("GET", f"{path}/{one['event_type']}")
        assert shown.headers["content-type"] == "application/schema+json"
        assert shown.json == one["schema"]
        assert shown.json == json.loads((REFERENCE / f"{one['kind'].replace(' ', '-')}.json").read_text())
        jsonschema_rs.meta.validate(shown.json)


@pytest.mark.parametrize("number", ["7", "intrusion", "-1", "9" * 20])
def test_a_kind_that_nobody_tells_has_no_schema(client: Client, number: str) -> None:
    path = f"/vedette/v1/{client.account.project_id}/message-schemas/{number}"
    answer = client.call("GET", path)
    assert (answer.status, answer.json["params"]) == (400, ["event_type"])
