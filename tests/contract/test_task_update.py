"""UpdateTask over HTTP: what changes, what stays, what is refused; and what it means for state, timetable and stream."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bodies import FULL, REMOVE, SCHEDULE, SOURCE, TASK, changed, with_input
from service import EDGE, Answer, Client, Service
from sqlalchemy import select, update

from vedette.api.source_import import import_sources
from vedette.model.ids import ProjectId, TaskId
from vedette.model.task import Task
from vedette.store import tasks as store
from vedette.store.tables import tasks

NEEDED = {"name": TASK["name"], "input": TASK["input"], "output": TASK["output"]}
HOUR_MS = 3_600_000
HOOK = {"webhook": {"url": "https://u:pw@receiver.test/a", "headers": {"X-Key": "s3cret"}}}
OPEN = SCHEDULE | {"timezone": "+00:00", "periods": [[{"begin_at": "07:00:00", "end_at": "23:00:00"}]]}
CLOSED = SCHEDULE | {"timezone": "+00:00", "periods": [[{"begin_at": "09:00:00", "end_at": "23:00:00"}]]}
"""The clock of the tests says Tuesday, 08:00 UTC."""


def put(client: Client, task_id: str, body: Any, **headers: str) -> Answer:
    return client.call("PUT", f"{client.root}/tasks/{task_id}", body, **headers)


def updated(client: Client, task_id: str, body: Any) -> Any:
    answer = put(client, task_id, body)
    assert (answer.status, answer.json) == (200, {}), answer.text
    return client.show(task_id)


def stored(service: Service, client: Client, task_id: str) -> Task:
    found: Task = service.run(
        service.db.read(store.get, service.vault, ProjectId(client.account.project_id), TaskId(task_id))
    )
    return found


def stand(service: Service, task_id: str, **columns: Any) -> None:
    """Let a task stand somewhere, as the loops would have brought it there."""
    service.run(service.db.write(lambda conn: conn.execute(update(tasks).where(tasks.c.id == task_id).values(columns))))


def with_source(service: Service, client: Client, source_id: str, access_type: str = "cloud") -> None:
    entry = SOURCE | {"video_source_id": source_id, "access_type": access_type, "video_source_name": source_id}
    project = ProjectId(client.account.project_id)
    service.run(import_sources(service.db, service.vault, project, json.dumps([entry]), service.clock))


# -- what changes, and what stays


def test_what_is_sent_is_there_and_what_is_not_sent_stays(client: Client) -> None:
    """An update names what is to change; the rest is nobody's business."""
    before = client.show(task_id := client.created(FULL))
    after = updated(client, task_id, NEEDED | {"name": "gate-2"})
    kept = ("description", "schedule", "config", "resource_order_id", "created_at", "updated_at", "state", "input")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert after["name"] == "gate-2"
    assert after["output"] == {"event_center": True}


@pytest.mark.parametrize("field", ["description", "schedule", "config", "resource_order_id"])
def test_null_removes_what_is_optional(client: Client, field: str) -> None:
    """Absence leaves, null takes away."""
    task_id = client.created(FULL)
    assert field in client.show(task_id)
    assert field not in updated(client, task_id, NEEDED | {field: None})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "new-name"),
        ("description", "new"),
        ("schedule", OPEN),
        ("input", {"type": "url", "data": [{"url": "rtsp://other.test/main", "index": 7}]}),
        ("output", {"event_center": True, "obs": {"bucket": "results-2", "path": "b"}}),
        ("config", {"common": {"alert_detection_interval": 7}}),
        ("resource_order_id", "order-2"),
    ],
)
def test_each_field_can_be_changed(client: Client, field: str, value: Any) -> None:
    """Each of them alone, and it is seen."""
    task_id = client.created(TASK)
    assert updated(client, task_id, NEEDED | {field: value})[field] == value


@pytest.mark.parametrize("field", ["name", "input", "output"])
def test_a_missing_field_is_refused_by_name(client: Client, field: str) -> None:
    """These three are required, as documented."""
    answer = put(client, client.created(TASK), changed(NEEDED, field, REMOVE))
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010001", [field])


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (changed(NEEDED, "input.data", [{"url": "http://test/a"}, {"url": "http://test/b"}]), "VIAS.00010001", "data"),
        (NEEDED | {"output": {}}, "VIAS.00010001", "output"),
        (
            NEEDED | {"config": {"common": {"alert_detection_interval": "often"}}},
            "VIAS.00010001",
            "alert_detection_interval",
        ),
        (NEEDED | {"schedule": SCHEDULE | {"timezone": "+15:00"}}, "VIAS.00010001", "timezone"),
        (NEEDED | {"input": with_input("edgecamera")["input"]}, "VIAS.00010001", "type"),
        (NEEDED | {"input": with_input("video_source")["input"]}, "VIAS.00010002", "video_source_id"),
        (NEEDED | {"is_saved_as_template": "yes"}, "VIAS.00010001", "is_saved_as_template"),
    ],
)
def test_the_rules_of_creation_hold(client: Client, body: Any, code: str, param: str) -> None:
    """An update is no way around them; nothing is changed then."""
    before = client.show(task_id := client.created(TASK))
    answer = put(client, task_id, body)
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, code, [param])
    assert client.show(task_id) == before


def test_a_name_that_is_taken_is_refused(client: Client) -> None:
    """Its own name is not taken."""
    client.created(TASK | {"name": "other"})
    task_id = client.created(TASK)
    answer = put(client, task_id, NEEDED | {"name": "other"})
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010011", ["name"])
    assert put(client, task_id, NEEDED).status == 200


def test_a_registered_source_stays_one(service: Service, client: Client) -> None:
    """As documented; another registered source is welcome, and an address may become one."""
    with_source(service, client, "cam-0001")
    with_source(service, client, "cam-0002")
    task_id = client.created(with_input("video_source"))
    answer = put(client, task_id, NEEDED)
    assert (answer.status, answer.json["params"]) == (400, ["type"])
    other = {"type": "video_source", "data": [{"video_source_id": "cam-0002"}]}
    assert updated(client, task_id, NEEDED | {"input": other})["video_source_name"] == "cam-0002"
    by_address = client.created(TASK | {"name": "by-address"})
    assert (
        updated(client, by_address, NEEDED | {"name": "by-address", "input": other})["video_source_name"] == "cam-0002"
    )


def test_a_warning_comes_and_goes_with_what_it_warns_of(client: Client) -> None:
    """The status speaks of the present configuration."""
    task_id = client.created(TASK | {"config": {"common": {"colour": 1}}})
    assert "colour" in client.show(task_id)["status"]
    assert "status" not in updated(client, task_id, NEEDED | {"config": {"common": {}}})


def test_a_task_of_another_project_is_not_there(service: Service, client: Client) -> None:
    """Nobody may even learn that it is."""
    task_id = client.created(TASK)
    answer = put(service.client(), task_id, NEEDED)
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010007")


def test_a_task_that_is_being_deleted_is_not_changed(client: Client) -> None:
    """It is gone as far as its user is concerned."""
    task_id = client.created(TASK)
    client.call("DELETE", f"{client.root}/tasks/{task_id}")
    assert put(client, task_id, NEEDED).json["error_code"] == "VIAS.00010012"


# -- versions


def test_an_update_of_an_old_version_is_refused(client: Client) -> None:
    """Whoever read before somebody else wrote would undo it unseen."""
    task_id = client.created(TASK)
    read = client.call("GET", f"{client.root}/tasks/{task_id}").headers["etag"]
    assert put(client, task_id, NEEDED | {"description": "mine"}, If_Match=read).status == 200
    late = put(client, task_id, NEEDED | {"description": "yours"}, If_Match=read)
    assert (late.status, late.json["error_code"]) == (412, "VEDETTE.5002")
    assert client.show(task_id)["description"] == "mine"
    assert put(client, task_id, NEEDED | {"description": "yours"}, If_Match="*").status == 200
    assert put(client, task_id, NEEDED, If_Match="nonsense").status == 412


def test_the_version_grows_with_changes_alone(client: Client) -> None:
    """Sending the same again changes nothing."""
    task_id = client.created(TASK)

    def version() -> str:
        return str(client.call("GET", f"{client.root}/tasks/{task_id}").headers["etag"])

    first = version()
    assert put(client, task_id, NEEDED).status == 200
    assert version() == first
    assert put(client, task_id, NEEDED | {"description": "new"}).status == 200
    assert version() != first


def test_updates_at_once_leave_one_another_alone(client: Client) -> None:
    """What one does not send, another may have changed meanwhile."""
    task_id = client.created(TASK)
    changes = [{"description": "d"}, {"config": {"common": {"alert_detection_interval": 9}}}, {"schedule": OPEN}, {"resource_order_id": "order-9"}]  # fmt: skip
    with ThreadPoolExecutor(len(changes)) as pool:
        assert {answer.status for answer in pool.map(lambda c: put(client, task_id, NEEDED | c), changes)} == {200}
    shown = client.show(task_id)
    for change in changes:
        assert {key: shown[key] for key in change} == change


# -- secrets


def test_a_masked_secret_leaves_the_stored_one(service: Service, client: Client) -> None:
    """A client sends back what it was shown."""
    task_id = client.created(TASK | {"output": HOOK})
    masked = client.show(task_id)["output"]
    assert "s3cret" not in str(masked)
    updated(client, task_id, NEEDED | {"output": changed(masked, "webhook.url", "https://******@receiver.test:444/b")})
    hook = stored(service, client, task_id).document.output.webhook
    assert hook
    assert (hook.url, hook.headers) == ("https://u:pw@receiver.test:444/b", {"X-Key": "s3cret"})


@pytest.mark.parametrize("url", ["https://elsewhere.test/a", "http://receiver.test/a"])
def test_a_masked_secret_goes_nowhere_else(service: Service, client: Client, url: str) -> None:
    """Else whoever may change a task learns its secrets; they have to be sent again."""
    task_id = client.created(TASK | {"output": HOOK})
    sent = {"webhook": {"url": url, "headers": {"X-Key": "******"}}}
    answer = put(client, task_id, NEEDED | {"output": sent})
    assert (answer.status, answer.json["params"]) == (400, ["headers"])
    assert "s3cret" not in answer.text
    fresh = {"webhook": {"url": url, "headers": {"X-Key": "another"}}}
    updated(client, task_id, NEEDED | {"output": fresh})
    hook = stored(service, client, task_id).document.output.webhook
    assert hook
    assert hook.headers == {"X-Key": "another"}


def test_the_password_of_a_vcn_server_stays_with_its_address(service: Service, client: Client) -> None:
    """The port may change, the address not."""
    task_id = client.created(with_input("vcn"), EDGE)
    shown = client.show(task_id)["input"]
    updated(client, task_id, NEEDED | {"input": changed(shown, "vcn.port", 443)})
    server = stored(service, client, task_id).document.input.vcn
    assert server
    assert (server.port, server.password) == (443, "vcn-password-1")
    answer = put(client, task_id, NEEDED | {"input": changed(shown, "vcn.ip", "10.9.9.9")})
    assert (answer.status, answer.json["params"]) == (400, ["password"])


@pytest.mark.parametrize(
    ("body", "service_name", "param"),
    [
        (changed(TASK, "input.data.0.url", "rtsp://******@camera.test/a"), None, "url"),
        (
            TASK | {"output": {"webhook": {"url": "http://receiver.test/a", "headers": {"a": "******"}}}},
            None,
            "headers",
        ),
        (changed(with_input("vcn"), "input.vcn.password", "******"), EDGE, "password"),
        (changed(with_input("restful"), "input.data.0.headers", {"AAA": "******"}), EDGE, "headers"),
    ],
)
def test_the_mask_is_no_secret_of_a_new_task(client: Client, body: Any, service_name: str | None, param: str) -> None:
    """It stands for what is stored, and nothing is."""
    answer = client.create(body, service_name) if service_name else client.create(body)
    assert (answer.status, answer.json["error_code"], answer.json["params"]) == (400, "VIAS.00010001", [param])


# -- the stream


def test_a_running_task_takes_a_change_over_live(service: Service, client: Client) -> None:
    """Same run, same stream, same state; only the version says that something is new."""
    task_id = client.created(TASK)
    stand(service, task_id, state="RUNNING", run_id="r", stream_id="s", frames=5)
    updated(client, task_id, NEEDED | {"config": {"common": {"alert_detection_interval": 3}}, "output": HOOK})
    updated(client, task_id, changed(NEEDED, "input.data.0.stream_name", "main"))
    task = stored(service, client, task_id)
    assert (task.state, task.run_id, task.stream_id, task.frames, task.version) == ("RUNNING", "r", "s", 5, 3)
    assert task.input_name == "main"
    assert service.wakes


@pytest.mark.parametrize("url", ["rtsp://camera.test:554/other", "rtsp://u:p@camera.test:554/main"])
def test_another_address_begins_a_new_run(service: Service, client: Client, url: str) -> None:
    """What is opened has changed: the old stream is left, and positions in it say nothing any more."""
    task_id = client.created(TASK)
    stand(service, task_id, state="RUNNING", run_id="r", stream_id="s", frames=5)
    updated(client, task_id, changed(NEEDED, "input.data.0.url", url))
    task = stored(service, client, task_id)
    assert (task.state, task.run_id, task.stream_id, task.frames, task.version) == ("RECOVERING", None, None, 0, 2)
    history = service.run(service.db.read(store.history, ProjectId(client.account.project_id), TaskId(task_id)))
    assert (history[-1].after, history[-1].actor) == ("RECOVERING", client.account.user_name)


def test_a_task_at_rest_stays_at_rest(service: Service, client: Client) -> None:
    """An update is no start."""
    task_id = client.created(TASK)
    stand(service, task_id, state="FAILED", run_id="r", error_code="VEDETTE.1003", error_message="no")
    updated(client, task_id, changed(NEEDED, "input.data.0.url", "rtsp://camera.test/other"))
    task = stored(service, client, task_id)
    assert (task.state, task.error_code) == ("FAILED", "VEDETTE.1003")


# -- the timetable


@pytest.mark.parametrize(
    ("state", "before", "after", "stands"),
    [
        ("RUNNING", None, CLOSED, (True, 0)),
        ("RUNNING", None, OPEN, (True, 0)),
        ("STOPPED", None, OPEN, (False, None)),
        ("FAILED", None, OPEN, (False, None)),
        ("FROZEN", None, OPEN, (False, None)),
        ("RUNNING", OPEN, CLOSED, (True, 0)),
        ("STOPPED", CLOSED, OPEN, (True, 0)),
        ("SUCCEEDED", OPEN, CLOSED, (True, HOUR_MS)),
        ("RUNNING", OPEN, None, (None, None)),
        ("STOPPED", CLOSED, None, (True, 0)),
        ("STOPPING", CLOSED, None, (True, 0)),
        ("SUCCEEDED", OPEN, None, (None, None)),
    ],
)
def test_a_new_timetable_holds_at_once(
    service: Service, client: Client, state: str, before: Any, after: Any, stands: tuple[bool | None, int | None]
) -> None:
    """What is due now, the scheduler does; what has ended by itself is not begun again; who waits may run."""
    task_id = client.created(TASK | {"schedule": before})
    stand(service, task_id, state=state)
    updated(client, task_id, NEEDED | {"schedule": after})
    task = stored(service, client, task_id)
    due = None if task.next_due_at is None else task.next_due_at - service.clock.now
    assert (task.activated, due, task.state) == (*stands, state)


def test_a_task_that_its_user_stopped_waits_for_nothing(service: Service, client: Client) -> None:
    """Stopped is stopped, whatever becomes of the timetable."""
    task_id = client.created(TASK | {"schedule": OPEN})
    client.call("PUT", f"{client.root}/tasks/{task_id}/action/stop")
    for after, shown in ((CLOSED, "INACTIVATED"), (None, None)):
        assert updated(client, task_id, NEEDED | {"schedule": after}).get("schedule_status") == shown
        task = stored(service, client, task_id)
        assert (bool(task.activated), task.next_due_at) == (False, None)


def test_a_start_forgets_why_a_task_was_halted(service: Service, client: Client) -> None:
    """Its user wants it now, for whatever reason it rested."""
    task_id = client.created(TASK)
    stand(service, task_id, state="STOPPED", halted_by="no_service")
    client.call("PUT", f"{client.root}/tasks/{task_id}/action/start")
    row = service.run(service.db.read(lambda conn: conn.execute(select(tasks).where(tasks.c.id == task_id)).one()))
    assert (row.state, row.halted_by) == ("PENDING", None)
