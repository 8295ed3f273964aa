"""Video sources are changed and deleted: what stays, what is hidden, and what their tasks see of it."""

from typing import Any

import pytest
from bodies import SOURCE, VCN_DEVICE
from camera_park import address, config, group, source, stand, task
from service import KEYS, Answer, Client, Service, serving

from vedette.model.lifecycle import State
from vedette.model.quota import Quotas
from vedette.store import tasks, video_sources

URL = "rtsp://10.0.0.7:554/main"


def put(client: Client, source_id: str, xml: str | None = None, name: str = "", **given: Any) -> Answer:
    body = {"video_source_name": name, "type_config": address(URL) if xml is None else xml} | given
    return client.call("PUT", f"{client.root}/source/{source_id}", body)


def detail(client: Client, source_id: str) -> Any:
    return client.call("GET", f"{client.root}/source/sources/{source_id}").json


def leaves(service: Service, client: Client, source_id: str) -> dict[str, str]:
    unit = video_sources.get
    found: dict[str, str] = service.run(
        service.db.read(unit, service.vault, client.account.project_id, source_id)
    ).leaves
    return found


def refused(answer: Answer, code: str, param: str) -> bool:
    assert set(answer.json) == KEYS
    return (answer.status, answer.json["error_code"], answer.json["params"]) == (400, code, [param])


def test_an_update_answers_with_the_source_as_it_is_now(client: Client) -> None:
    """As published: the whole document."""
    source_id = source(client, latitude="1.5", tag=["a"])
    answer = put(client, source_id, address("rtsp://a.test/2"), "new name", longitude="2.5", tag=["b", "c"])
    assert answer.status == 200, answer.text
    assert answer.json == detail(client, source_id)
    shown = {key: answer.json[key] for key in ("video_source_name", "stream_path", "latitude", "longitude", "tag")}
    assert shown == {
        "video_source_name": "new name", "stream_path": "rtsp://a.test/2", "latitude": "1.5", "longitude": "2.5",
        "tag": ["b", "c"],
    }  # fmt: skip


def test_what_is_absent_stays_and_what_is_null_goes(client: Client) -> None:
    """Coordinates and labels are optional."""
    source_id = source(client, latitude="1.5", longitude="2.5", tag=["a"])
    kept = put(client, source_id).json
    assert (kept["latitude"], kept["longitude"], kept["tag"]) == ("1.5", "2.5", ["a"])
    assert kept["video_source_name"] == "camera 1"
    gone = put(client, source_id, latitude=None, longitude="", tag=None).json
    assert ("latitude" in gone, gone["longitude"], gone["tag"]) == (False, "", [])


def test_the_published_example_of_an_update_is_taken(client: Client) -> None:
    """It sends fields of the create request again."""
    source_id = source(client)
    body = {
        "access_type": "cloud", "latitude": "", "longitude": "", "tag": ["1"], "type": "url", "video_group_ids": [],
        "type_config": "<type_config>        <url_address>rtsp://12.12.12.12:333</url_address>      </type_config>",
        "video_source_name": "url_test",
    }  # fmt: skip
    answer = client.call("PUT", f"{client.root}/source/{source_id}", body)
    assert (answer.status, answer.json["tag"], answer.json["stream_path"]) == (200, ["1"], "rtsp://12.12.12.12:333")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("video_source_name", None),
        ("video_source_name", " a"),
        ("video_source_name", "n" * 101),
        ("type_config", None),
        ("type_config", ""),
        ("type_config", "<config><URL_ADDRESS>"),
        ("type_config", "<config><URL_ADDRESS>camera</URL_ADDRESS></config>"),
        ("type_config", "<type>VCN</type><config><URL_ADDRESS>rtsp://a.test/b</URL_ADDRESS></config>"),
        ("type", "vcn"),
        ("type", "tape"),
        ("access_type", "edge"),
        ("latitude", "91"),
        ("longitude", "181"),
        ("tag", ["a", "b", "c", "d", "e"]),
    ],
)
def test_a_field_of_an_update_that_breaks_its_rule_is_refused_by_name(client: Client, field: str, value: Any) -> None:
    """Nothing is changed then."""
    source_id = source(client)
    before = detail(client, source_id)
    body = {"video_source_name": "new", "type_config": address(URL)} | {field: value}
    assert refused(client.call("PUT", f"{client.root}/source/{source_id}", body), "VIAS.00010001", field)
    assert detail(client, source_id) == before


def test_a_create_whose_type_element_names_another_kind_is_refused(client: Client) -> None:
    """It could only be a mistake."""
    body = SOURCE | {"type_config": "<type>OBS</type><config><URL_ADDRESS>rtsp://a.test/b</URL_ADDRESS></config>"}
    assert refused(client.call("POST", f"{client.root}/source", body), "VIAS.00010001", "type_config")


def test_a_name_that_another_source_has_is_refused(service: Service, client: Client) -> None:
    """With its own code; a source's own name is no other."""
    first, _ = source(client, "one"), source(client, "two")
    assert refused(put(client, first, name="two"), "VIAS.00010010", "video_source_name")
    assert put(client, first, name="one").status == 200
    assert put(client, first, name="three").status == 200
    assert detail(client, first)["video_source_name"] == "three"


def test_a_source_that_is_not_there_cannot_be_changed_or_deleted(service: Service, client: Client) -> None:
    """Nor one of another project."""
    theirs = source(service.client())
    for source_id in ("none-such", theirs):
        for answer in (put(client, source_id), client.call("DELETE", f"{client.root}/source/{source_id}")):
            assert refused(answer, "VIAS.00010008", "video_source_id")


VCN = {"DATA_SOURCE_ID": VCN_DEVICE, "IP": "10.0.0.1", "PORT": "1", "USER_NAME": "u", "PASSWORD": "s3cret&amp;"}


def test_a_masked_password_leaves_the_stored_one(service: Service, client: Client) -> None:
    """What was read can be sent back, changed in other places."""
    source_id = source(client, access_type="edge", type="vcn", type_config=config(**VCN))
    shown = detail(client, source_id)["type_config"]
    assert "s3cret" not in shown
    assert put(client, source_id, shown).status == 200
    assert leaves(service, client, source_id)["PASSWORD"] == "s3cret&"
    changed = shown.replace("<PORT>1<", "<PORT>2<")
    assert put(client, source_id, changed).status == 200
    kept = leaves(service, client, source_id)
    assert (kept["PASSWORD"], kept["PORT"]) == ("s3cret&", "2")
    assert put(client, source_id, changed.replace("******", "other")).status == 200
    assert leaves(service, client, source_id)["PASSWORD"] == "other"


def test_a_masked_user_of_an_address_leaves_the_stored_one(service: Service, client: Client) -> None:
    """In either dialect, and on another path or port of the host."""
    source_id = source(client, type_config=address("rtsp://admin:s3cret@a.test:554/1"))
    for shown in ("rtsp://******@a.test:554/1", "rtsp://******@A.test:8554/2?x=1&amp;y=2", "rtsp://******@a.test/a@b"):
        xml = f"<type>url</type><config><URL_ADDRESS>{shown}</URL_ADDRESS></config>"
        answer = put(client, source_id, xml)
        assert answer.status == 200, answer.text
        assert answer.json["type_config"] == xml
        opened = leaves(service, client, source_id)["URL_ADDRESS"]
        assert opened == shown.replace("******", "admin:s3cret").replace("&amp;", "&")


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://******@b.test/1",
        "rtsp://******@a.test@b.test/1",
        "rtsp://******@a.test.b.test/1",
        "rtsp://x******@a.test/1",
        "rtsp://******:x@a.test/1",
    ],
)
def test_a_stored_user_is_never_sent_to_another_host(service: Service, client: Client, url: str) -> None:
    """Else whoever may write a source but not read its password has it sent to themselves."""
    source_id = source(client, type_config=address("rtsp://admin:s3cret@a.test/1"))
    assert refused(put(client, source_id, address(url)), "VIAS.00010001", "type_config")
    assert leaves(service, client, source_id)["URL_ADDRESS"] == "rtsp://admin:s3cret@a.test/1"


@pytest.mark.parametrize(
    "change",
    [("10.0.0.1", "10.0.0.2"), ("<IP>", "<IP>10.6.6.6</IP><IP>"), ("</config>", "<IP>10.6.6.6</IP></config>")],
)
def test_a_stored_password_is_never_sent_to_another_server(
    service: Service, client: Client, change: tuple[str, str]
) -> None:
    """As with addresses."""
    source_id = source(client, access_type="edge", type="vcn", type_config=config(**VCN))
    xml = detail(client, source_id)["type_config"].replace(*change)
    answer = put(client, source_id, xml)
    assert answer.status == 400 or leaves(service, client, source_id)["IP"] == "10.0.0.1"


def test_a_masked_secret_is_never_stored(client: Client) -> None:
    """Not of a new source, and not where nothing is stored."""
    for xml, kind in ((address("rtsp://******@a.test/1"), "url"), (config(**VCN | {"PASSWORD": "******"}), "vcn")):
        body = SOURCE | {"type": kind, "type_config": xml}
        assert refused(client.call("POST", f"{client.root}/source", body), "VIAS.00010001", "type_config")
    source_id = source(client)
    assert refused(put(client, source_id, address("rtsp://******@10.0.0.7/1")), "VIAS.00010001", "type_config")


@pytest.mark.parametrize(
    ("url", "again"),
    [("rtsp://10.0.0.8/main", True), (URL, False)],
)
def test_tasks_at_work_begin_anew_if_something_else_is_opened(
    service: Service, client: Client, url: str, again: bool
) -> None:
    """And only then: a new name or place of the camera breaks no stream."""
    source_id = source(client)
    runs, rests = task(client, source_id, "runs"), task(client, source_id, "rests")
    stand(service, runs, State.RUNNING, run_id="r1", stream_id="s1")
    stand(service, rests, State.STOPPED, run_id="r2")
    woken = len(service.wakes)
    answer = put(client, source_id, f"<a><Url_Address> {url} </Url_Address></a>", "renamed", latitude="3")
    assert answer.status == 200, answer.text
    found = {
        name: service.run(service.db.read(tasks.get, service.vault, client.account.project_id, task_id))
        for name, task_id in (("runs", runs), ("rests", rests))
    }
    assert found["runs"].state is (State.RECOVERING if again else State.RUNNING)
    assert found["runs"].run_id == (None if again else "r1")
    assert (found["rests"].state, found["rests"].run_id) == (State.STOPPED, "r2")
    assert (len(service.wakes) > woken) is again


def test_a_deleted_source_is_gone_from_everywhere(service: Service, client: Client) -> None:
    """Its groups have changed, and its place in the quota is free."""
    group_id = group(client)
    source_id = source(client, video_group_ids=[group_id])
    service.clock.now += 7000
    answer = client.call("DELETE", f"{client.root}/source/{source_id}")
    assert (answer.status, answer.json) == (200, True)
    shown = client.call("GET", f"{client.root}/video-group/{group_id}").json
    assert (shown["num_video_source"], shown["modify_at"]) == (0, service.clock.now)
    assert refused(client.call("DELETE", f"{client.root}/source/{source_id}"), "VIAS.00010008", "video_source_id")


def test_a_source_that_tasks_refer_to_cannot_be_deleted(service: Service, client: Client) -> None:
    """In whatever state they are: they could be started again."""
    source_id = source(client)
    for name in ("one", "two"):
        stand(service, task(client, source_id, name), State.STOPPED)
    answer = client.call("DELETE", f"{client.root}/source/{source_id}")
    assert (answer.status, answer.json["error_code"]) == (500, "VIAS.00010012")
    assert "2 tasks" in answer.json["detail"]
    assert detail(client, source_id)["video_source_id"] == source_id


def test_a_deleted_source_gives_its_place_back(tmp_path: Any) -> None:
    """Else a project that changes its cameras would run out of them."""
    with serving(tmp_path, quotas=Quotas(200, 1, 20)) as small:
        client = small.client()
        for _ in range(2):
            client.call("DELETE", f"{client.root}/source/{source(client)}")
        source(client)
