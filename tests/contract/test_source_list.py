"""The list of video sources, and what their documents say of how they are."""

from base64 import b64decode
from typing import Any
from urllib.parse import urlencode

import pytest
from bodies import SOURCE, TASK, VCN_DEVICE
from camera_park import address, config, group, seen, source, stand, task
from service import CLOUD, KEYS, Client, Service
from sqlalchemy import Connection, select

from vedette.model.lifecycle import State
from vedette.model.look import UNSEEN, Fault, Look
from vedette.model.source import SourceLevel
from vedette.store.tables import source_looks

FIELDS = {
    "video_source_id", "video_source_name", "access_type", "type", "type_config", "status", "stream_path", "tag",
    "scene_recommend", "video_packages", "video_source_quality", "create_at",
}  # fmt: skip


def listed(client: Client, query: str | list[tuple[str, Any]] = "") -> Any:
    text = query if isinstance(query, str) else urlencode(query)
    answer = client.call("GET", f"{client.root}/source/sources?{text}")
    assert answer.status == 200, answer.text
    return answer.json


def names(client: Client, query: str | list[tuple[str, Any]] = "") -> list[str]:
    return [item["video_source_name"] for item in listed(client, query)["video_source_list"]]


def detail(client: Client, source_id: str) -> Any:
    answer = client.call("GET", f"{client.root}/source/sources/{source_id}")
    assert answer.status == 200, answer.text
    return answer.json


@pytest.fixture(scope="module")
def park(service: Service) -> Client:
    """Six sources of one project that differ in everything a filter looks at."""
    client = service.client()
    gates = group(client, "gates")
    yard = group(client, "Yard_1", access_type="edge")
    vcn = config(DATA_SOURCE_ID=VCN_DEVICE, IP="10.0.0.9", PORT="1", USER_NAME="u", PASSWORD="p")
    rest = config(URL="https://a.test/b", RTSP_URL="data/url", PLATFORM_NAME="Big_Platform")
    made: list[tuple[str, dict[str, Any]]] = [
        ("north gate", {"video_group_ids": [gates], "tag": ["gate", "out,side"]}),
        ("South gate", {"video_group_ids": [gates]}),
        ("yard", {"video_group_ids": [yard], "access_type": "edge", "type": "vcn", "type_config": vcn}),
        ("api", {"type": "restful", "type_config": rest, "tag": ["gate-2"]}),
        ("edge", {"access_type": "edge", "type": "camera", "type_config": config(EDGE_CAMERA_ID="cam-7")}),
        ("stream", {"type": "RTSP_STREAM", "type_config": address("rtsp://u:p@a.test/1")}),
    ]
    ids = {}
    for name, given in made:
        service.clock.now += 1000
        ids[name] = source(client, name, **given)
    for name, number in (("north gate", 2), ("South gate", 1), ("api", 3), ("stream", 2)):
        for one in range(number):
            task(client, ids[name], f"{name.replace(' ', '-')}-{one}")
    seen(service, client, ids["north gate"])
    for name in ("South gate", "stream"):
        seen(service, client, ids[name], SourceLevel.EXCEPTION, "the source says no to u:p@a.test")
    task(client, ids["stream"], "kept", is_saved_as_template=True)
    return client


ALL = ["stream", "edge", "api", "yard", "South gate", "north gate"]


def test_a_list_without_a_query_has_all_newest_first(park: Client) -> None:
    """As published: is_paged is false, and the order is descending by creation."""
    answer = listed(park)
    assert [item["video_source_name"] for item in answer["video_source_list"]] == ALL
    assert (answer["video_source_number"], answer["total_number"], answer["quota_number"]) == (6, 6, 200)


@pytest.mark.parametrize("order", ["", "&order_by=asc", "&sort_name=num_task", "&sort_name=num_template"])
def test_all_at_once_tells_the_same_as_a_page(park: Client, order: str) -> None:
    """What is read side by side is put together from other looks than a page, with the counts of each group."""
    whole = listed(park, f"is_paged=false{order}")
    assert whole == listed(park, f"is_paged=true&page_size=50{order}")
    assert any(package["num_video_source"] for one in whole["video_source_list"] for package in one["video_packages"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("scope=gate", ["South gate", "north gate"]),
        ("scope=GATE&scope_name=source_name", ["South gate", "north gate"]),
        ("scope=GATE&scope_name=", ["South gate", "north gate"]),
        ("scope=%25", []),
        ("scope=_", []),
        ("scope=yard&scope_name=group_name", ["yard"]),
        ("scope=d_1&scope_name=group_name", ["yard"]),
        ("scope=e&scope_name=group_name", ["South gate", "north gate"]),
        ("scope=&scope_name=group_name", ALL),
        ("status=1", ["north gate"]),
        ("status=9", ["stream", "South gate"]),
        ("status=2", ["edge", "api", "yard"]),
        ("status=1&status=2", ["edge", "api", "yard", "north gate"]),
        ("status=1,9", ["stream", "South gate", "north gate"]),
        ("status=", ALL),
        ("type=url", ["South gate", "north gate"]),
        ("type=URL&type=Camera", ["edge", "South gate", "north gate"]),
        ("type=rtsp_stream,vcn", ["stream", "yard"]),
        ("type=ivm", []),
        ("type=ivm&type=restful", ["api"]),
        ("access_type=edge", ["edge", "yard"]),
        ("access_type=edge&access_type=cloud", ALL),
        ("access_type=", ALL),
        ("platform_name=big", ["api"]),
        ("platform_name=10.0.0", ["yard"]),
        ("platform_name=", ALL),
        ("tag=gate", ["north gate"]),
        ("tag=gate-2", ["api"]),
        ("tag=gate,gate-2", ["api", "north gate"]),
        ("tag=out,side", ["north gate"]),
        ("tag=", ALL),
        ("order_by=asc", ALL[::-1]),
        ("sort_name=create_at&order_by=desc", ALL),
        ("is_paged=true&page_size=5", ALL[:5]),
        ("is_paged=true&page_size=5&page_num=2", ALL[5:]),
        ("is_paged=true&page_num=3", []),
        ("is_paged=true", ALL),
        ("is_paged=false&page_size=5&page_num=2", ALL),
        ("scope=gate&status=9&type=url&access_type=cloud", ["South gate"]),
    ],
)  # fmt: skip
def test_a_filter_filters_and_a_page_is_a_page(park: Client, query: str, expected: list[str]) -> None:
    """Nothing of a query is accepted and ignored."""
    assert names(park, query) == expected


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("sort_name=num_task", [3, 3, 2, 1, 0, 0]),
        ("sort_name=num_task&order_by=asc", [0, 0, 1, 2, 3, 3]),
    ],
)
def test_sources_are_sorted_by_their_tasks(park: Client, query: str, first: list[int]) -> None:
    """The numbers that are shown are those that are sorted by."""
    assert [item["num_tasks"] for item in listed(park, query)["video_source_list"]] == first


def test_sources_are_sorted_by_their_templates(park: Client) -> None:
    """A template that was saved with a task counts for its source."""
    answer = listed(park, "sort_name=num_template")["video_source_list"]
    assert [item["num_service_config_templates"] for item in answer] == [1, 0, 0, 0, 0, 0]
    assert answer[0]["video_source_name"] == "stream"
    up = listed(park, "sort_name=num_template&order_by=asc")["video_source_list"]
    assert up[-1]["video_source_name"] == "stream"


def test_sources_are_found_by_their_groups(park: Client) -> None:
    """Any of them; one of another project finds nothing."""
    ids = {
        item["video_source_name"]: item["video_packages"][0]["video_group_id"]
        for item in listed(park, "scope=a")["video_source_list"]
        if item["video_packages"]
    }
    gates, yard = ids["north gate"], ids["yard"]
    assert names(park, f"video_group_id={gates}") == ["South gate", "north gate"]
    assert names(park, f"video_group_id={gates}&video_group_id={yard}") == ["yard", "South gate", "north gate"]
    assert names(park, f"video_group_id={gates},{yard}") == ["yard", "South gate", "north gate"]
    assert names(park, "video_group_id=unknown") == []


def test_the_counters_tell_of_the_page_and_of_all_that_match(park: Client) -> None:
    """A client pages by them."""
    answer = listed(park, "status=2&is_paged=true&page_size=5&page_num=2")
    assert (answer["video_source_number"], answer["total_number"]) == (0, 3)


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("scope", "s" * 256),
        ("scope_name", "name"),
        ("status", "3"),
        ("status", "1,3"),
        ("type", "gopher"),
        ("video_group_id", "a/b"),
        ("video_group_id", "g" * 37),
        ("access_type", "fog"),
        ("sort_name", "name"),
        ("order_by", "down"),
        ("is_paged", "maybe"),
        ("page_size", "4"),
        ("page_size", "201"),
        ("page_size", "many"),
        ("page_num", "0"),
        ("page_num", "100001"),
        ("platform_name", "p" * 101),
        ("tag", "t" * 256),
        ("scope", "a\x00b"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_refused_by_name(park: Client, param: str, value: str) -> None:
    """With the limits that are published."""
    answer = park.call("GET", f"{park.root}/source/sources?{urlencode({param: value})}")
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010001"), answer.text
    assert answer.json["params"] == [param]
    assert set(answer.json) == KEYS


def test_an_item_has_every_documented_field_and_its_numbers(park: Client) -> None:
    """The published required fields, and those of the example."""
    (item,) = listed(park, "scope=north")["video_source_list"]
    assert set(item) == FIELDS | {"num_tasks", "num_service_config_templates"}
    status = {key: item["status"][key] for key in ("level", "name", "status")}
    assert status == {"level": "1", "name": "\u5728\u7ebf", "status": "Online"}
    assert item["num_tasks"] == 2
    (package,) = item["video_packages"]
    assert package["video_group_name"] == "gates"
    assert package["num_video_source"] == 2
    assert package["group_status"] == {"num_online": 1, "num_offline": 0, "num_exception": 1}


def test_only_an_address_that_is_opened_is_a_stream_path(park: Client) -> None:
    """Of other kinds it must be asked for; credentials in it stay hidden."""
    paths = {item["video_source_name"]: item.get("stream_path") for item in listed(park)["video_source_list"]}
    assert paths["stream"] == "rtsp://******@a.test/1"
    assert paths["north gate"] == "rtsp://10.0.0.7:554/main"
    assert [paths[name] for name in ("yard", "api", "edge")] == [None, None, None]


def test_a_camera_is_named_by_its_device(park: Client) -> None:
    """Cameras of a node, and those behind a VCN server."""
    devices = {item["video_source_name"]: item.get("device_id") for item in listed(park)["video_source_list"]}
    assert devices["edge"] == "cam-7"
    assert devices["yard"] == VCN_DEVICE
    assert devices["north gate"] is None


def test_the_status_of_a_source_is_what_was_seen_of_it_last(service: Service, client: Client) -> None:
    """With the time and the reason; what its tasks say of themselves is another matter."""
    source_id = source(client)
    born = service.clock.now
    stand(service, task(client, source_id, "one"), State.RUNNING)
    new = {"level": "2", "name": "\u79bb\u7ebf", "status": "Offline", "since": born, "reason": UNSEEN}
    assert detail(client, source_id)["status"] == new
    told = []
    for level, reason in ((SourceLevel.ONLINE, ""), (SourceLevel.EXCEPTION, "no video"), (SourceLevel.OFFLINE, "away")):
        service.clock.now += 1000
        seen(service, client, source_id, level, reason)
        service.clock.now += 1000
        seen(service, client, source_id, level, reason)
        status = detail(client, source_id)["status"]
        (item,) = listed(client)["video_source_list"]
        assert item["status"] == status
        told.append((status["status"], status.get("reason"), status["since"] - born, status["looked_at"] - born))
    assert told == [
        ("Online", None, 1000, 2000),
        ("Exception", "no video", 3000, 4000),
        ("Offline", "away", 5000, 6000),
    ]


def test_a_source_shows_its_picture_and_what_is_wrong_with_it(service: Service, client: Client) -> None:
    """The picture in the detail alone, and as a JPEG of its own; a client that has it is not sent it again."""
    source_id = source(client)
    path = f"/vedette/v1/{client.account.project_id}/source/sources/{source_id}/picture"
    assert client.call("GET", path).status == 400
    assert not {"image", "image_at", "picture"} & detail(client, source_id).keys()
    at = service.clock.now
    faults = (Fault.BLURRY, Fault.OCCLUDE)
    look = Look("s", at, width=1920, height=1080, codec="h264", fps=25.0, faults=faults, image=b"jpeg")
    seen(service, client, source_id, look=look)
    shown = detail(client, source_id)
    (item,) = listed(client)["video_source_list"]
    assert (b64decode(shown.pop("image")), shown.pop("image_at")) == (b"jpeg", at)
    assert shown["video_source_quality"] == ["Blurry", "Occlude"]
    assert shown["picture"] == {"width": 1920, "height": 1080, "codec": "h264", "fps": 25.0}
    assert shown.pop("service_config_templates") == []
    assert item == shown
    answer = client.call("GET", path)
    assert (answer.status, answer.headers["content-type"], answer.text) == (200, "image/jpeg", "jpeg")
    assert client.call("GET", path, If_None_Match=answer.headers["etag"]).status == 304
    other = service.client()
    assert other.call("GET", path.replace(client.account.project_id, other.account.project_id)).status == 400
    seen(service, client, source_id, SourceLevel.OFFLINE, "gone")
    assert (detail(client, source_id)["video_source_quality"], client.call("GET", path).status) == ([], 200)


def test_a_source_is_due_when_somebody_asks_for_a_look(service: Service, client: Client) -> None:
    """And when it is new, or its configuration is another; then what was seen of it before is forgotten."""
    source_id = source(client)

    def due_at() -> int:
        def read(conn: Connection) -> int:
            here = source_looks.c.source_id == source_id
            return conn.execute(select(source_looks.c.due_at).where(here)).scalar_one()

        return int(service.run(service.db.read(read)))

    assert due_at() == service.clock.now
    look = Look("s", service.clock.now, width=640, height=480, image=b"jpeg")
    seen(service, client, source_id, look=look)
    assert due_at() > service.clock.now
    path = f"/vedette/v1/{client.account.project_id}/source/sources/{source_id}/probe"
    answer = client.call("POST", path)
    assert (answer.status, answer.json, due_at()) == (202, {}, service.clock.now)
    assert client.call("POST", path.replace(source_id, "none")).status == 400
    seen(service, client, source_id)
    changed = {"type_config": address("rtsp://10.0.0.8/2"), "video_source_name": "camera 1"}
    assert client.call("PUT", f"{client.root}/source/{source_id}", changed).status == 200
    shown = detail(client, source_id)
    assert (due_at(), shown["status"]["reason"]) == (service.clock.now, UNSEEN)
    assert not {"image", "picture"} & shown.keys()


def test_a_template_of_a_source_stands_in_its_detail(client: Client) -> None:
    """There is no other place in the published API where it can be seen."""
    source_id = source(client)
    task(client, source_id, "kept", is_saved_as_template=True, config={"common": {"person_sw": True}})
    (template,) = detail(client, source_id)["service_config_templates"]
    assert (template["name"], template["numTask"]) == ("kept", 1)


def test_two_projects_do_not_see_each_others_sources_in_lists(service: Service, park: Client) -> None:
    """Nor in the numbers."""
    other = service.client()
    assert listed(other) == {
        "video_source_number": 0, "total_number": 0, "quota_number": 200, "video_source_list": [],
    }  # fmt: skip
    source(other, "north gate")
    task_id = other.created(TASK, CLOUD)
    stand(service, task_id, State.RUNNING)
    (item,) = listed(other)["video_source_list"]
    assert (item["num_tasks"], item["status"]["level"]) == (0, "2")


def test_the_published_example_of_a_list_is_answered(park: Client) -> None:
    """Byte for byte."""
    assert len(names(park, "is_paged=true&page_size=10&page_num=1&scope_name=source_name")) == 6


def test_the_published_example_of_a_create_is_taken(client: Client) -> None:
    """With its empty coordinates and lists."""
    body = {
        "access_type": "cloud", "latitude": "", "longitude": "", "tag": [], "type": "url", "video_group_ids": [],
        "type_config": "<type_config>        <url_address>rtsp://12.12.12.12:333</url_address>      </type_config>",
        "video_source_name": "url_test",
    }  # fmt: skip
    shown = detail(client, client.call("POST", f"{client.root}/source", body).json["video_source_id"])
    assert {key: shown[key] for key in ("latitude", "longitude", "tag", "stream_path")} == {
        "latitude": "", "longitude": "", "tag": [], "stream_path": "rtsp://12.12.12.12:333",
    }  # fmt: skip


def test_a_create_that_is_sent_twice_makes_one_source(client: Client) -> None:
    """A nervous client sends the same key."""
    first, second = (
        client.call("POST", f"{client.root}/source", SOURCE, Idempotency_Key="once").json for _ in range(2)
    )
    assert first == second
    assert listed(client)["total_number"] == 1


def test_a_new_source_is_put_into_groups_that_exist_and_fit(service: Service, client: Client) -> None:
    """All or nothing; and a group whose members changed has changed."""
    cloud, edge = group(client, "c"), group(client, "e", access_type="edge")
    theirs = group(service.client(), "t")
    service.clock.now += 5000
    for ids, code in (([cloud, "none-such"], "VIAS.00010002"), ([theirs], "VIAS.00010002"), ([edge], "VIAS.00010001")):
        answer = client.call("POST", f"{client.root}/source", SOURCE | {"video_group_ids": ids})
        assert (answer.status, answer.json["error_code"]) == (400, code)
        assert answer.json["params"] == ["video_group_ids"]
    assert listed(client)["total_number"] == 0
    source_id = source(client, video_group_ids=[cloud, cloud])
    (package,) = detail(client, source_id)["video_packages"]
    assert (package["num_video_source"], package["modify_at"]) == (1, service.clock.now)
