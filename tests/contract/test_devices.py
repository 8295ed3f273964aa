"""Edge devices over HTTP."""

from typing import Any

import camera_park
import pytest
from bodies import TASK
from service import EDGE, KEYS, Answer, Client, Service
from sqlalchemy import Connection, select

from vedette.model.errors import SourceRefused
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State
from vedette.model.source import OnvifLookup
from vedette.store import devices, tasks
from vedette.store.tables import source_looks

URL = "rtsp://ada:s3cret@192.168.1.20/stream1"
HIDDEN = "rtsp://******@192.168.1.20/stream1"
CAMERA = [{"key": "iva-device-type", "value": "camera"}]
BODY: dict[str, Any] = {"device": {"name": "gate", "attributes": {"rtsp": {"value": URL}}, "tags": CAMERA}}
ONVIF = {
    "onvif": {"value": "http://192.168.1.20/onvif/device_service"},
    "onvif-user": {"value": "ada"},
    "onvif-password": {"value": "s3cret"},
    "onvif-profile": {"value": "main"},
}


def create(client: Client, **given: Any) -> Answer:
    return client.call("POST", f"{client.root}/edgemgr/devices", {"device": BODY["device"] | given})


def made(client: Client, name: str = "gate", **given: Any) -> str:
    answer = create(client, name=name, **given)
    assert answer.status == 201, answer.text
    return str(answer.json["device"]["id"])


def shown(client: Client, device_id: str) -> Any:
    answer = client.call("GET", f"{client.root}/edgemgr/devices/{device_id}")
    assert answer.status == 200, answer.text
    return answer.json["device"]


def update(client: Client, device_id: str, **given: Any) -> Answer:
    return client.call("PUT", f"{client.root}/edgemgr/devices/{device_id}", {"device": given})


def names(client: Client, query: str = "") -> tuple[int, list[str]]:
    answer = client.call("GET", f"{client.root}/edgemgr/devices?{query}")
    assert answer.status == 200, answer.text
    return answer.json["count"], [device["name"] for device in answer.json["devices"]]


def address(service: Service, client: Client, device_id: str) -> Any:
    """Return what a worker would open."""
    project = ProjectId(client.account.project_id)
    return service.run(service.db.read(devices.camera, service.vault, project, device_id))


def task(client: Client, device_id: str, name: str = "watch", **datum: Any) -> str:
    looks = {"type": "edgecamera", "data": [{"id": device_id} | datum]}
    return client.created(TASK | {"name": name, "input": looks}, EDGE)


def refused(answer: Answer, code: str, param: str) -> bool:
    assert set(answer.json) == KEYS
    return (answer.status, answer.json["error_code"], answer.json["params"]) == (400, code, [param])


def test_a_device_is_answered_in_the_published_shape_with_its_password_hidden(service: Service, client: Client) -> None:
    """The keys are those of the edge platform's document, and `tags` is ours."""
    answer = create(client, description="north")
    assert answer.status == 201
    assert set(answer.json) == {"device"}
    device = dict(answer.json["device"])
    assert len(device.pop("id")) == 36
    assert device == {
        "name": "gate", "description": "north", "project_id": client.account.project_id,
        "attributes": {"rtsp": {"value": HIDDEN, "optional": True, "metadata": {"type": "string"}}},
        "tags": CAMERA, "connection_type": "edge", "access_protocol": "userdefine",
        "twin": {}, "access_config": {}, "property_visitors": {},
        "created_at": "2024-04-23T08:00:00.000000Z", "updated_at": "2024-04-23T08:00:00.000000Z",
    }  # fmt: skip
    assert shown(client, answer.json["device"]["id"]) == answer.json["device"]


def test_what_is_on_the_disk_holds_no_password(service: Service, client: Client) -> None:
    """Attributes are sealed as a whole."""
    made(client, attributes={"rtsp": {"value": "rtsp://ada:verysecretword@h/1"}, "api-token": {"value": "othersecret"}})
    assert b"verysecretword" not in service.stored()
    assert b"othersecret" not in service.stored()


@pytest.mark.parametrize(
    "attributes", [{"rtsp": URL}, [{"name": "rtsp", "value": URL}], {"rtsp": {"value": URL, "optional": False}}]
)
def test_attributes_are_taken_in_several_forms(service: Service, client: Client, attributes: Any) -> None:
    """Clients write them by hand; what comes back always looks the same."""
    device_id = made(client, attributes=attributes)
    assert set(shown(client, device_id)["attributes"]["rtsp"]) == {"value", "optional", "metadata"}
    assert address(service, client, device_id).url == URL


def test_tags_are_taken_as_an_object_too(service: Service, client: Client) -> None:
    """As above."""
    assert shown(client, made(client, tags={"iva-device-type": "camera"}))["tags"] == CAMERA


@pytest.mark.parametrize(
    ("field", "value", "param"),
    [
        ("name", "", "name"),
        ("name", "a b", "name"),
        ("name", "n" * 65, "name"),
        ("id", "short", "id"),
        ("description", "d" * 256, "description"),
        ("attributes", {"rtsp": {"value": "file:///etc/passwd"}}, "attributes"),
        ("attributes", {"rtsp": {"value": "nonsense"}}, "attributes"),
        ("attributes", {"rtsp": {}}, "attributes"),
        ("attributes", {"a b": {"value": "x"}}, "attributes"),
        ("attributes", [{"value": "x"}, {"value": "y"}], "attributes"),
        ("attributes", {"rtsp": {"value": URL}, **ONVIF}, "attributes"),
        ("attributes", {"onvif-user": {"value": "ada"}}, "attributes"),
        ("attributes", {"onvif": {"value": "rtsp://h/1"}}, "attributes"),
        ("attributes", {"onvif": {"value": "http://ada:s3cret@h/onvif"}}, "attributes"),
        ("attributes", {"certificate-check": {"value": "perhaps"}}, "attributes"),
        ("attributes", {f"a{n}": {"value": "x"} for n in range(65)}, "attributes"),
        ("attributes", {"rtsp": {"value": HIDDEN}}, "rtsp"),
        ("attributes", {**ONVIF, "onvif-password": {"value": "******"}}, "onvif-password"),
        ("tags", [{"key": "a", "value": "b"}, {"key": "a", "value": "c"}], "tags"),
        ("tags", [{"key": "a.b", "value": "c"}], "key"),
        ("connection_type", "cloud", "connection_type"),
        ("access_protocol", "modbus", "access_protocol"),
    ],
)
def test_a_field_that_breaks_its_rule_is_refused_by_name(client: Client, field: str, value: Any, param: str) -> None:
    """As everywhere; nothing of it is written."""
    assert refused(create(client, **{field: value}), "VIAS.00010001", param)
    assert names(client) == (0, [])


def test_ids_and_names_are_there_once(client: Client) -> None:
    """A given id is kept, so that tasks of a former installation find their cameras."""
    given = "1398f13d-f24d-4de4-8cd3-5905db1d6d9f"
    assert made(client, id=given) == given
    assert refused(create(client, id=given, name="other"), "VIAS.00010003", "id")
    assert refused(create(client), "VIAS.00010003", "name")


def test_projects_may_have_devices_with_the_same_id(service: Service, client: Client) -> None:
    """Ids that callers choose must not tell one project what another has."""
    given = "1398f13d-f24d-4de4-8cd3-5905db1d6d9f"
    other = service.client()
    made(client, id=given)
    assert refused(other.call("GET", f"{other.root}/edgemgr/devices/{given}"), "VIAS.00010008", "device_id")
    made(other, id=given, name="theirs")
    assert (shown(client, given)["name"], shown(other, given)["name"]) == ("gate", "theirs")


def test_lists_are_filtered_by_name_and_tags_and_paged(service: Service, client: Client) -> None:
    """`count` is that of all that match, as the edge platform has it."""
    for n, tags in enumerate([CAMERA, {"iva-device-type": "sensor"}, {"iva-device-type": "camera", "floor": "1"}]):
        made(client, f"dev-{n}", tags=tags)
        service.clock.now += 1
    assert names(client) == (3, ["dev-2", "dev-1", "dev-0"])
    assert names(client, "tags=iva-device-type.camera") == (2, ["dev-2", "dev-0"])
    assert names(client, "tags=iva-device-type.CAMERA") == (0, [])
    assert names(client, "tags=iva-device-type.camera,floor.1") == (1, ["dev-2"])
    assert names(client, "name=EV-1") == (1, ["dev-1"])
    assert names(client, "limit=1&offset=1") == (3, ["dev-1"])
    assert refused(client.call("GET", f"{client.root}/edgemgr/devices?tags=camera"), "VIAS.00010001", "tags")


def test_an_update_changes_what_it_names(service: Service, client: Client) -> None:
    """What is absent stays; attributes are replaced as a whole, and a masked password stays with its host."""
    device_id = made(client, description="north")
    assert update(client, device_id, description="south").json["device"]["attributes"]["rtsp"]["value"] == HIDDEN
    same = {"rtsp": {"value": "rtsp://******@192.168.1.20/stream2"}, "site": {"value": "yard"}}
    assert update(client, device_id, attributes=same).status == 200
    assert address(service, client, device_id).url == "rtsp://ada:s3cret@192.168.1.20/stream2"
    elsewhere = {"rtsp": {"value": "rtsp://******@6.6.6.6/stream2"}}
    assert refused(update(client, device_id, attributes=elsewhere), "VIAS.00010001", "rtsp")
    now = shown(client, device_id)
    assert (now["name"], now["description"], set(now["attributes"])) == ("gate", "south", {"rtsp", "site"})


def test_the_password_of_an_onvif_camera_stays_with_its_host(service: Service, client: Client) -> None:
    """Else whoever may change a device could have its password sent to a machine of theirs."""
    device_id = made(client, attributes=ONVIF)
    kept = shown(client, device_id)["attributes"]
    assert kept["onvif-password"]["value"] == "******"
    moved = {**kept, "onvif": {"value": "http://6.6.6.6/onvif/device_service"}}
    assert refused(update(client, device_id, attributes=moved), "VIAS.00010001", "onvif-password")
    assert update(client, device_id, attributes=kept | {"onvif-profile": {"value": "sub"}}).status == 200
    lookup = address(service, client, device_id).lookup
    assert lookup.onvif == OnvifLookup("http://192.168.1.20/onvif/device_service", "ada", "s3cret", "sub")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"attributes": {}}, "no attribute 'rtsp'"),
        ({"tags": []}, "no camera"),
        ({"tags": {"iva-device-type": "sensor"}}, "no camera"),
    ],
)
def test_what_is_no_camera_or_has_no_address_is_not_opened(
    service: Service, client: Client, given: Any, said: str
) -> None:
    """The sentence stands in the task's `error`."""
    device_id = made(client, **given)
    with pytest.raises(SourceRefused, match=said):
        address(service, client, device_id)


def test_the_device_of_another_project_is_not_opened(service: Service, client: Client) -> None:
    """As if it were not there."""
    theirs = made(service.client())
    with pytest.raises(SourceRefused, match="The project has no edge device"):
        address(service, client, theirs)


def test_a_device_that_tasks_look_at_stays(client: Client) -> None:
    """A task names its device in a sealed document; it is found all the same, whatever else its input says."""
    device_id = made(client)
    watching = task(client, device_id, stream_name="gate")
    answer = client.call("DELETE", f"{client.root}/edgemgr/devices/{device_id}")
    assert (answer.status, answer.json["error_code"]) == (500, "VIAS.00010012")
    assert "1 tasks refer" in answer.json["error_msg"]
    assert client.call("DELETE", f"{client.root}/tasks/{watching}").status == 200


def test_a_device_that_a_source_stands_for_stays_until_it_is_gone(client: Client) -> None:
    """A camera source keeps its device's id beside its sealed configuration."""
    device_id = made(client)
    edge = {"access_type": "edge", "type": "camera", "type_config": camera_park.config(EDGE_CAMERA_ID=device_id)}
    source = camera_park.source(client, "gate", **edge)
    assert client.call("DELETE", f"{client.root}/edgemgr/devices/{device_id}").status == 500
    assert client.call("DELETE", f"{client.root}/source/{source}").status == 200
    assert client.call("DELETE", f"{client.root}/edgemgr/devices/{device_id}").status == 204
    assert names(client) == (0, [])


def test_tasks_at_work_begin_anew_when_the_address_changes(service: Service, client: Client) -> None:
    """Those that look at the device, and those that look at a source that stands for it; others are left alone."""
    device_id, other = made(client), made(client, "other")
    edge = {"access_type": "edge", "type": "camera", "type_config": camera_park.config(EDGE_CAMERA_ID=device_id)}
    source = camera_park.source(client, "gate", **edge)
    mine = [task(client, device_id), camera_park.task(client, source, "by-source", edge=True)]
    alone = task(client, other, "elsewhere")
    for one in (*mine, alone):
        camera_park.stand(service, one, State.RUNNING, run_id="run")
    assert update(client, device_id, description="nothing of matter").status == 200
    assert [client.show(one)["state"] for one in (*mine, alone)] == ["RUNNING"] * 3
    woken = len(service.wakes)
    assert update(client, device_id, attributes={"rtsp": {"value": "rtsp://192.168.1.30/1"}}).status == 200
    assert [client.show(one)["state"] for one in (*mine, alone)] == ["RECOVERING", "RECOVERING", "RUNNING"]
    assert len(service.wakes) == woken + 1
    project = ProjectId(client.account.project_id)
    runs = [
        service.run(service.db.read(tasks.get, service.vault, project, TaskId(one))).run_id for one in (*mine, alone)
    ]
    assert runs == [None, None, "run"]


def test_sources_are_looked_at_again_when_their_device_comes_or_changes(service: Service, client: Client) -> None:
    """What was seen of another address says nothing of this one."""
    given = "1398f13d-f24d-4de4-8cd3-5905db1d6d9f"
    edge = {"access_type": "edge", "type": "camera", "type_config": camera_park.config(EDGE_CAMERA_ID=given)}
    source = camera_park.source(client, "gate", **edge)

    def seen() -> int:
        def read(conn: Connection) -> int:
            here = source_looks.c.source_id == source
            return int(conn.execute(select(source_looks.c.due_at).where(here)).scalar_one())

        due: int = service.run(service.db.read(read))
        return due

    for step in (lambda: made(client, id=given), lambda: update(client, given, attributes={"rtsp": "rtsp://h/2"})):
        service.clock.now += 1000
        assert seen() < service.clock.now
        step()
        assert seen() == service.clock.now


def test_a_viewer_sees_devices_and_changes_none(service: Service, client: Client) -> None:
    """As with video sources."""
    viewer = service.client(roles=("viewer",))
    assert names(viewer) == (0, [])
    assert create(viewer).status == 403
