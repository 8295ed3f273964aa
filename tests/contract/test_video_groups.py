"""Video groups over HTTP."""

from typing import Any
from urllib.parse import urlencode

import pytest
from bodies import REMOVE, changed
from camera_park import config, group, members, seen, source, stand, task
from service import KEYS, Answer, Client, Service, serving

from vedette.model.lifecycle import State
from vedette.model.quota import Quotas
from vedette.model.source import SourceLevel

BODY = {"video_group_name": "gates", "access_type": "cloud", "description": "d", "video_source_ids": ["cam-0001"]}


def listed(client: Client, query: str = "", path: str = "video-group") -> Any:
    answer = client.call("GET", f"{client.root}/{path}/groups?{query}")
    assert answer.status == 200, answer.text
    return answer.json


def names(client: Client, query: str = "", path: str = "video-group") -> list[str]:
    return [item["video_group_name"] for item in listed(client, query, path)["video_group_list"]]


def detail(client: Client, group_id: str) -> Any:
    answer = client.call("GET", f"{client.root}/video-group/{group_id}")
    assert answer.status == 200, answer.text
    return answer.json


def put(client: Client, group_id: str, body: Any) -> Answer:
    return client.call("PUT", f"{client.root}/video-group/{group_id}", body)


def refused(answer: Answer, code: str, param: str) -> bool:
    assert set(answer.json) == KEYS
    return (answer.status, answer.json["error_code"], answer.json["params"]) == (400, code, [param])


FAULTS: list[tuple[str, Any]] = [
    ("video_group_name", REMOVE),
    ("video_group_name", ""),
    ("video_group_name", "n" * 21),
    ("video_group_name", "a b"),
    ("video_group_name", 5),
    ("access_type", REMOVE),
    ("access_type", "fog"),
    ("description", "d" * 101),
    ("description", 5),
    ("video_source_ids", []),
    ("video_source_ids", "cam-0001"),
    ("video_source_ids", ["A"]),
]


@pytest.mark.parametrize(("field", "value"), FAULTS)
def test_a_field_of_a_new_group_that_breaks_its_rule_is_refused_by_name(client: Client, field: str, value: Any) -> None:
    """As with sources."""
    answer = client.call("POST", f"{client.root}/video-group", changed(BODY, field, value))
    assert refused(answer, "VIAS.00010001", field)


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, value in FAULTS if field != "access_type" and (field, value) != FAULTS[0]]
    + [("video_source_ids", REMOVE), ("video_source_ids", [f"cam-{n:04}" for n in range(51)])],
)
def test_a_field_of_an_update_that_breaks_its_rule_is_refused_by_name(client: Client, field: str, value: Any) -> None:
    """The new membership must be sent, and holds fifty sources at most."""
    answer = put(client, group(client), changed(BODY, field, value))
    assert refused(answer, "VIAS.00010001", field)


def test_a_new_group_shows_what_was_sent(service: Service, client: Client) -> None:
    """Every documented field, and times in milliseconds."""
    service.clock.now += 1000
    ids = [source(client, "a"), source(client, "b")]
    group_id = group(client, "\u5927\u95e8-gates_1", description="all", video_source_ids=[*ids, ids[0]])
    assert detail(client, group_id) == {
        "video_group_id": group_id, "video_group_name": "\u5927\u95e8-gates_1", "description": "all",
        "access_type": "cloud", "num_video_source": 2, "num_batch_task": 0,
        "group_status": {"num_online": 0, "num_offline": 2, "num_exception": 0},
        "create_at": service.clock.now, "modify_at": service.clock.now,
    }  # fmt: skip


def test_the_published_examples_are_taken(service: Service, client: Client) -> None:
    """The example of the update names one source twice."""
    source_id = source(client)
    body = {"access_type": "cloud", "description": "", "video_group_name": "test000", "video_source_ids": [source_id]}
    group_id = client.call("POST", f"{client.root}/video-group", body).json["video_group_id"]
    body = {"description": "", "video_group_name": "test000", "video_source_ids": [source_id, source_id]}
    answer = put(client, group_id, body)
    assert (answer.status, answer.json) == (200, True)
    assert members(service, group_id) == {source_id}
    assert names(client, "is_paged=true&page_size=10&page_num=1", "videoGroup") == ["test000"]


def test_sources_of_a_group_must_exist_and_have_its_access_type(service: Service, client: Client) -> None:
    """In a new group and in a changed one; nothing is done by halves."""
    good = source(client, "good")
    edge = source(client, "edge", access_type="edge", type="camera", type_config=config(EDGE_CAMERA_ID="c1"))
    theirs = source(service.client())
    group_id = group(client, "mine", video_source_ids=[good])
    for bad, code in (("none-such", "VIAS.00010002"), (theirs, "VIAS.00010002"), (edge, "VIAS.00010001")):
        body = {"video_group_name": "new", "access_type": "cloud", "video_source_ids": [good, bad]}
        assert refused(client.call("POST", f"{client.root}/video-group", body), code, "video_source_ids")
        assert refused(put(client, group_id, {"video_source_ids": [bad]}), code, "video_source_ids")
    assert names(client) == ["mine"]
    assert members(service, group_id) == {good}


def test_an_update_sets_the_membership_and_leaves_what_is_absent(service: Service, client: Client) -> None:
    """The ids are all that it has from now on."""
    a, b, c = (source(client, name) for name in "abc")
    group_id = group(client, "old", description="kept", video_source_ids=[a, b])
    service.clock.now += 1000
    assert put(client, group_id, {"video_source_ids": [b, c]}).status == 200
    assert members(service, group_id) == {b, c}
    shown = detail(client, group_id)
    assert (shown["video_group_name"], shown["description"]) == ("old", "kept")
    assert shown["modify_at"] == service.clock.now == shown["create_at"] + 1000
    assert put(client, group_id, {"video_source_ids": [a], "video_group_name": "new", "description": ""}).status == 200
    shown = detail(client, group_id)
    assert (shown["video_group_name"], shown["description"], shown["num_video_source"]) == ("new", "", 1)


def test_a_name_is_taken_once_in_a_project(service: Service, client: Client) -> None:
    """By a new group or a changed one."""
    source_id = source(client)
    group(client, "one")
    two = group(client, "two")
    again = {"video_group_name": "one", "access_type": "edge"}
    assert refused(client.call("POST", f"{client.root}/video-group", again), "VIAS.00010003", "video_group_name")
    body = {"video_group_name": "one", "video_source_ids": [source_id]}
    assert refused(put(client, two, body), "VIAS.00010003", "video_group_name")
    assert put(client, two, body | {"video_group_name": "two"}).status == 200
    group(service.client(), "one")


def test_a_deleted_group_leaves_its_sources_and_tasks(service: Service, client: Client) -> None:
    """Only the group is gone."""
    source_id = source(client)
    group_id = group(client, video_source_ids=[source_id])
    task_id = task(client, source_id, "goes-on")
    stand(service, task_id, State.RUNNING, group_id=group_id, batch_id="b1")
    answer = client.call("DELETE", f"{client.root}/video-group/{group_id}")
    assert (answer.status, answer.json) == (200, True)
    assert client.show(task_id)["state"] == "RUNNING"
    assert client.call("GET", f"{client.root}/source/sources/{source_id}").json["video_packages"] == []
    assert names(client) == []


def test_a_group_that_is_not_there_cannot_be_shown_changed_or_deleted(service: Service, client: Client) -> None:
    """Nor one of another project."""
    source_id = source(client)
    for group_id in ("none-such", group(service.client())):
        for answer in (
            client.call("GET", f"{client.root}/video-group/{group_id}"),
            put(client, group_id, {"video_source_ids": [source_id]}),
            client.call("DELETE", f"{client.root}/video-group/{group_id}"),
        ):
            assert refused(answer, "VIAS.00010008", "video_group_id")


def test_the_quota_of_groups_refuses_and_is_given_back(tmp_path: Any) -> None:
    """No code of its own is published."""
    with serving(tmp_path, quotas=Quotas(200, 200, 1)) as small:
        client = small.client()
        first = group(client, "one")
        again = client.call("POST", f"{client.root}/video-group", {"video_group_name": "two", "access_type": "cloud"})
        assert (again.status, again.json["reason"]) == (400, "The quota is reached.")
        assert listed(client)["quota_number"] == 1
        client.call("DELETE", f"{client.root}/video-group/{first}")
        group(client, "two")


def test_a_create_that_is_sent_twice_makes_one_group(client: Client) -> None:
    """A nervous client sends the same key."""
    body = {"video_group_name": "one", "access_type": "cloud"}
    answers = [client.call("POST", f"{client.root}/video-group", body, Idempotency_Key="k").json for _ in range(2)]
    assert answers[0] == answers[1]
    assert names(client) == ["one"]


@pytest.fixture(scope="module")
def park(service: Service) -> Client:
    """Five groups that differ in everything a filter looks at."""
    client = service.client()
    on, off, bad = (source(client, name) for name in ("on", "off", "bad"))
    stream = source(client, "stream", type="RTSP_STREAM")
    camera = source(client, "camera", access_type="edge", type="camera", type_config=config(EDGE_CAMERA_ID="c1"))
    seen(service, client, on)
    seen(service, client, bad, SourceLevel.EXCEPTION, "no video")
    ids = {}
    for name, access, inside in (
        ("north", "cloud", [on, off]),
        ("South_1", "cloud", [bad]),
        ("empty", "cloud", []),
        ("cameras", "edge", [camera]),
        ("streams", "cloud", [stream, on, bad]),
    ):
        service.clock.now += 1000
        given: dict[str, Any] = {"video_source_ids": inside} if inside else {}
        ids[name] = group(client, name, access_type=access, **given)
    for number, (name, batch) in enumerate((("north", "b1"), ("north", "b1"), ("streams", "b1"), ("streams", "b2"))):
        stand(service, task(client, off, f"child-{number}"), State.STOPPED, group_id=ids[name], batch_id=batch)
    service.clock.now += 1000
    assert put(client, ids["South_1"], {"video_source_ids": [bad]}).status == 200
    return client


ALL = ["streams", "cameras", "empty", "South_1", "north"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("order_by=asc", ALL[::-1]),
        ("sort_name=create_at&order_by=desc", ALL),
        ("sort_name=modify_at", ["South_1", "streams", "cameras", "empty", "north"]),
        ("name=s", ["streams", "cameras", "South_1"]),
        ("name=_", ["South_1"]),
        ("name=%25", []),
        ("status=1", ["streams", "north"]),
        ("status=2", ["streams", "cameras", "north"]),
        ("status=9", ["streams", "South_1"]),
        ("status=", ALL),
        ("access_type=edge", ["cameras"]),
        ("access_type=edge&access_type=cloud", ALL),
        ("access_type=", ALL),
        ("has_task=true", ["streams", "north"]),
        ("has_task=false", ["cameras", "empty", "South_1"]),
        ("type=camera", ["cameras"]),
        ("type=camera&type=rtsp_stream", ["streams", "cameras"]),
        ("type=url,camera", ["streams", "cameras", "South_1", "north"]),
        ("type=ivm", []),
        ("is_paged=true&page_size=5", ALL),
        ("is_paged=true&page_size=5&page_num=2", []),
        ("is_paged=false&page_num=2", ALL),
        ("status=1&has_task=true&type=RTSP_STREAM&access_type=cloud&name=stream", ["streams"]),
    ],
)
def test_a_filter_filters_and_a_sort_sorts(park: Client, query: str, expected: list[str]) -> None:
    """Nothing of a query is accepted and ignored."""
    assert names(park, query) == expected


@pytest.mark.parametrize(
    ("sort", "shown", "expected"),
    [("num_video_source", "num_video_source", [0, 1, 1, 2, 3]), ("num_task", "num_batch_task", [0, 0, 0, 1, 2])],
)
def test_groups_are_sorted_by_the_numbers_they_show(park: Client, sort: str, shown: str, expected: list[int]) -> None:
    """Both ways."""
    up = listed(park, f"sort_name={sort}&order_by=asc")["video_group_list"]
    down = listed(park, f"sort_name={sort}&order_by=desc")["video_group_list"]
    assert [item[shown] for item in up] == expected
    assert [item[shown] for item in down] == expected[::-1]


def test_an_item_tells_how_the_sources_of_the_group_are(park: Client) -> None:
    """And of which kinds they are."""
    answer = listed(park, "is_paged=true&page_size=5&name=stream")
    assert (answer["video_group_number"], answer["total_number"], answer["quota_number"]) == (1, 1, 20)
    (item,) = answer["video_group_list"]
    assert item["group_status"] == {"num_online": 1, "num_offline": 1, "num_exception": 1}
    assert (item["type"], item["num_batch_task"]) == ("RTSP_STREAM,url", 2)


def test_the_counters_of_a_list_tell_of_the_page_and_of_all_that_match(park: Client) -> None:
    """A client pages by them."""
    answer = listed(park, "is_paged=true&page_size=5&page_num=2&status=1")
    assert (answer["video_group_number"], answer["total_number"]) == (0, 2)


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("name", "n" * 21),
        ("status", "3"),
        ("access_type", "fog"),
        ("has_task", "perhaps"),
        ("type", "gopher"),
        ("sort_name", "name"),
        ("order_by", "down"),
        ("is_paged", "maybe"),
        ("page_size", "4"),
        ("page_size", "201"),
        ("page_num", "0"),
        ("page_num", "100001"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_refused_by_name(park: Client, param: str, value: str) -> None:
    """With the limits that are published."""
    answer = park.call("GET", f"{park.root}/video-group/groups?{urlencode({param: value})}")
    assert refused(answer, "VIAS.00010001", param)
