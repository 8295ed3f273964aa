"""The priority of a task over HTTP: sent, shown, changed, and inherited from a batch."""

from typing import Any

import pytest
from batch_scene import Batches, body, group, with_group
from bodies import TASK
from service import Client, Service

from vedette.control.expansion import child_id

NEEDED = {"name": TASK["name"], "input": TASK["input"], "output": TASK["output"]}


def put(client: Client, task_id: str, **more: Any) -> str:
    answer = client.call("PUT", f"{client.root}/tasks/{task_id}", NEEDED | more)
    assert answer.status == 200, answer.text
    return str(client.show(task_id)["priority"])


def test_an_update_that_does_not_name_it_leaves_it_and_null_makes_it_low(client: Client) -> None:
    """As with every optional field."""
    task_id = client.created(TASK | {"priority": "high"})
    assert client.show(task_id)["priority"] == "high"
    assert put(client, task_id) == "high"
    assert put(client, task_id, priority="middle") == "middle"
    assert put(client, task_id, priority=None) == "low"


@pytest.mark.parametrize("value", ["urgent", "LOW", 1, ""])
def test_what_is_no_priority_is_refused_by_name(client: Client, value: Any) -> None:
    """A word nobody goes by would be worse than none."""
    task_id = client.created(TASK)
    refused = client.call("PUT", f"{client.root}/tasks/{task_id}", NEEDED | {"priority": value})
    assert (refused.status, refused.json["params"]) == (400, ["priority"])


def test_children_have_the_priority_of_their_batch_and_take_its_change_over(service: Service, client: Client) -> None:
    """A batch is one wish."""
    batches = Batches(client)
    batch_id = batches.created(body(group(with_group(service, client, "north", ["a"])), priority="middle"))["id"]
    child = child_id(batch_id, 0)
    assert client.show(child)["priority"] == "middle"
    for sent, shown in (({"priority": "high"}, "high"), ({"description": "d"}, "high"), ({"priority": None}, "low")):
        assert batches.update(batch_id, sent).status == 200
        assert client.show(child)["priority"] == shown
