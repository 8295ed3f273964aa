"""A batch of the largest size, and whoever else wants something meanwhile."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from batch_scene import Batches, body, group, with_group
from bodies import TASK
from service import Service, serving

from vedette.auth import passwords
from vedette.model.quota import Quotas
from vedette.telemetry import logs

MANY = 10_000


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A door of its own, where a project may have that many tasks."""
    logs.configure("error")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(tmp_path_factory.mktemp("service"), quotas=Quotas(2 * MANY, 200, 200)) as running:
            yield running


def test_other_calls_are_answered_while_ten_thousand_children_are_made(roomy: Service) -> None:
    """Tasks are made, shown and listed long before the last child is there; and in the end all are there."""
    client = roomy.client()
    cameras = [f"cam-{n:03}" for n in range(100)]
    sent = body(*(group(with_group(roomy, client, f"g{n}", cameras)) for n in range(100)))
    answers: list[Any] = []
    making = threading.Thread(target=lambda: answers.append(Batches(client).create(sent)))
    others = Batches(type(client)(client.base, client.account))
    making.start()
    try:
        so_far = []
        for n in range(20):
            client_task = others.client.created(TASK | {"name": f"single-{n}"})
            assert others.client.show(client_task)["state"] == "PENDING"
            so_far.append(sum(one["num_task"] for one in others.listed()["batch_task_list"]))
    finally:
        making.join()
    assert so_far == sorted(so_far)
    assert so_far[-1] < MANY, "the batch was there before the others were answered"
    assert answers[0].json == {
        "id": answers[0].json["id"],
        "total_count": MANY,
        "succeed_count": MANY,
        "failed_count": 0,
        "error_list": [],
    }
    assert [one["num_task"] for one in others.listed()["batch_task_list"]] == [MANY]
