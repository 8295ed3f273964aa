"""The older sibling's seven routes, and how they share a path and the tasks with the present API."""

from typing import Any

import pytest
from bodies import REMOVE, SCHEDULE, TASK, changed
from service import CLOUD, EDGE, Answer, Client, Service

HOOK = {"webhook": {"url": "https://receiver.test/hook", "headers": {"X-Key": "k"}}}
WINDOWS = [{"begin_at": "08:00:00", "end_at": "09:00:00"}, {"begin_at": "10:00:00", "end_at": "11:00:00"}]
VAS: dict[str, Any] = {
    "name": "old-gate",
    "description": "north gate",
    "service_version": "3.0",
    "input": {"type": "url", "data": [{"url": "rtsp://camera.test:554/main"}]},
    "output": HOOK,
    "service_config": {"common": {"image_compression_ratio": 80}},
}
WEEKLY = {"type": "weekly", "timezone": "+08:00", "days_of_week": [1, 3], "periods": WINDOWS}
DAILY = {"type": "daily", "timezone": "-03:30", "periods": WINDOWS}


def tasks_of(client: Client, service: str = CLOUD, rest: str = "") -> str:
    return f"{client.root}/services/{service}/tasks{rest}"


def made(client: Client, body: Any = VAS, service: str = CLOUD) -> str:
    answer = client.create(body, service)
    assert answer.status == 201, answer.text
    assert isinstance(answer.json, list)
    return str(answer.json[0]["id"])


def shown(client: Client, task_id: str, service: str = CLOUD) -> Any:
    answer = client.call("GET", tasks_of(client, service, f"/{task_id}"))
    assert answer.status == 200, answer.text
    return answer.json


def refused(answer: Answer, status: int, code: str, *words: str) -> None:
    assert (answer.status, set(answer.json)) == (status, {"error_code", "error_msg"}), answer.text
    assert answer.json["error_code"] == code
    assert all(word in answer.json["error_msg"] for word in words), answer.text


@pytest.mark.parametrize(
    "telling",
    [{"service_config": {"common": {}}}, {"timing": WEEKLY}, {"edge_pool_id": "0" * 32}],
    ids=lambda x: next(iter(x)),
)
def test_one_telling_field_makes_a_body_the_older_one(client: Client, telling: dict[str, Any]) -> None:
    """Both APIs create on one path; a client of the older one parses a bare list and nothing else."""
    body = {name: value for name, value in VAS.items() if name != "service_config"} | telling
    answer = client.create(body)
    assert (answer.status, list(answer.json[0])) == (201, ["id"])


@pytest.mark.parametrize("telling", [{}, {"service_config": None}], ids=["none", "null"])
def test_without_a_telling_field_a_body_is_the_present_one(client: Client, telling: dict[str, Any]) -> None:
    """`null` is the same as absence."""
    answer = client.create(TASK | telling)
    assert (answer.status, set(answer.json)) == (200, {"tasks"})


def test_the_later_path_of_the_present_api_takes_both_bodies_too(client: Client) -> None:
    """It is an alias of the shared path."""
    path = f"/v1/{client.account.project_id}/infer/services/{CLOUD}/tasks"
    assert client.call("POST", path, VAS).status == 201
    assert set(client.call("POST", path, TASK).json) == {"tasks"}


def test_a_task_is_told_as_it_was_sent(client: Client) -> None:
    """Every field of the body comes back; header values are secrets."""
    details = shown(client, made(client, VAS | {"timing": WEEKLY, "edge_pool_id": "edgestreampoola1b2c3d4"}))
    assert {name: details[name] for name in VAS if name != "output"} == {n: v for n, v in VAS.items() if n != "output"}
    assert details["output"]["webhook"] == {"url": "https://receiver.test/hook", "headers": {"X-Key": "******"}}
    assert details["timing"] == WEEKLY
    assert details["edge_pool_id"] == "edgestreampoola1b2c3d4"
    assert details["timing_status"] == "ACTIVATED"
    assert details["service_name"] == CLOUD
    assert set(details["service_title"]) == {"en", "zh"}
    assert details["created_at"].endswith("Z")
    assert "hosting_result" not in details


def test_daily_is_every_day_and_comes_back_as_daily(client: Client) -> None:
    """The present API shows it as the weekly timetable of seven days that it is."""
    task_id = made(client, VAS | {"timing": DAILY})
    assert shown(client, task_id)["timing"] == DAILY
    assert client.show(task_id)["schedule"]["days_of_week"] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("timing", "word"),
    [
        (WEEKLY | {"type": "once"}, "once"),
        (WEEKLY | {"type": "monthly"}, "monthly"),
        (WEEKLY | {"type": "hourly"}, "weekly or daily"),
        (DAILY | {"days_of_month": [1]}, "days_of_month"),
        (DAILY | {"date": "2024-04-23"}, "date"),
        ({"type": "daily", "timezone": "+00:00", "frequency": {"interval": 5, "duration": 5}}, "frequency"),
        (DAILY | {"days_of_week": [1]}, "days_of_week"),
        (changed(WEEKLY, "days_of_week", REMOVE), "days_of_week"),
        (changed(DAILY, "periods", REMOVE), "periods"),
        (changed(WEEKLY, "timezone", "+15:00"), "timezone"),
        (changed(WEEKLY, "periods.0.end_at", "07:00:00"), "end_at"),
    ],
)
def test_what_a_timetable_cannot_be_is_refused_by_name(client: Client, timing: dict[str, Any], word: str) -> None:
    """A timetable that were passed over would run the task all day."""
    refused(client.create(VAS | {"timing": timing}), 400, "IVA.0004", word)


def test_inputs_of_the_older_platform_are_refused_by_name(client: Client) -> None:
    """Its streams are no more, and nodes are not chosen by the caller."""
    refused(
        client.create(changed(VAS, "input", {"type": "vis", "data": [{"stream_name": "s"}]})), 400, "IVA.0004", "vis"
    )
    with_node = changed(VAS, "input.data.0.node_id", "4f1c2f5a-0000-4000-8000-000000000000")
    refused(client.create(with_node), 400, "IVA.0004", "node_id")


def test_a_rest_input_keeps_its_older_name_here_and_has_its_present_one_there(client: Client) -> None:
    """Each client compares the type with its own list."""
    entry = {"url": "https://cameras.test/a", "certificate_check": False, "rtsp_path_in_response": "data/url"}
    body = VAS | {"edge_pool_id": "a" * 32, "input": {"type": "edgerestful", "data": [entry]}}
    task_id = made(client, body, EDGE)
    assert shown(client, task_id, EDGE)["input"] == {"type": "edgerestful", "data": [entry]}
    assert client.show(task_id)["input"]["type"] == "restful"


def test_several_inputs_make_several_tasks(client: Client) -> None:
    """Named by position, as in the present API."""
    answer = client.create(changed(VAS, "input.data", [{"url": "rtsp://a.test/1"}, {"url": "rtsp://a.test/2"}]))
    names = [shown(client, one["id"])["name"] for one in answer.json]
    assert names == ["old-gate_0", "old-gate_1"]


def test_kept_results_and_folders_are_kept_with_the_task_and_told(client: Client) -> None:
    """`hosting_result` is there only if hosting was asked for, and in the details of one task alone."""
    output = {
        "hosting": {"data_category": ["FaceImage"]},
        "localpath": {"mount_source_path": "/data/results", "data_category": []},
    }
    task_id = made(client, VAS | {"output": output})
    details = shown(client, task_id)
    assert (details["output"], details["hosting_result"]) == (output, {"status": "NOT_GENERATED"})
    listed = client.call("GET", tasks_of(client)).json["tasks"]
    assert [one["output"] for one in listed] == [output]
    assert "hosting_result" not in listed[0]
    assert client.show(task_id)["output"]["localpath"]["mount_source_path"] == "/data/results"


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("output", {}, "output"),
        ("output", {"localpath": {}}, "mount_source_path"),
        ("output", {"localpath": {"mount_source_path": "relative"}}, "mount_source_path"),
        ("output", {"localpath": {"mount_source_path": "/" + "a" * 255}}, "mount_source_path"),
        ("edge_pool_id", "not-a-pool", "edge_pool_id"),
        ("resource_order_id", "A", "resource_order_id"),
        ("name", "no spaces", "name"),
        ("description", "d" * 501, "description"),
        ("service_config", {"common": []}, "common"),
        ("service_version", "9.9", "3.0"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(client: Client, path: str, value: Any, word: str) -> None:
    """The older error body has no list of parameters: the message must name it."""
    refused(client.create(changed(VAS, path, value)), 400, "IVA.0004", word)


def test_refusals_have_the_older_codes(service: Service, client: Client) -> None:
    """A client of the older API knows no others."""
    other = service.client()
    task_id = made(client)
    path = tasks_of(client, rest=f"/{task_id}")
    refused(client.call("GET", path, X_Auth_Token="bad"), 401, "IVA.0001")
    refused(client.call("POST", tasks_of(client), VAS, X_Auth_Token="bad"), 401, "IVA.0001")
    refused(other.call("GET", path), 401, "IVA.0001")
    refused(client.call("GET", f"/v2/a_b/services/{CLOUD}/tasks/{task_id}"), 400, "IVA.0002", "project_id")
    refused(client.call("PUT", path, raw=b"[]"), 400, "IVA.0003")
    refused(client.call("GET", tasks_of(client, rest="/" + "0" * 32)), 404, "IVA.0005", "0" * 32)
    refused(client.call("GET", tasks_of(client, rest="/x")), 400, "IVA.0004", "task_id")
    refused(client.create(VAS | {"name": "second"}, "c-nothing-cloud"), 404, "IVA.0005", "c-nothing-cloud")
    refused(client.create(VAS), 400, "IVA.0004", "name")
    refused(client.call("GET", tasks_of(client, "a b".replace(" ", "%20"))), 400, "IVA.0004", "service_name")


def test_a_full_project_is_refused_with_the_older_code(service: Service, client: Client) -> None:
    """The quota is the same for both dialects."""
    inputs = [{"url": f"rtsp://a.test/{n}"} for n in range(50)]
    for n in range(4):
        assert client.create(changed(VAS | {"name": f"t{n}"}, "input.data", inputs)).status == 201
    refused(client.create(VAS), 400, "IVA.0012", "200")


def test_refusals_of_a_present_body_stay_as_they_are(client: Client) -> None:
    """The dialect is the body's, not the path's."""
    answer = client.create(TASK | {"name": "no spaces"})
    assert (answer.status, answer.json["error_code"]) == (400, "VIAS.00010001")
    answer = client.call("POST", tasks_of(client), raw=b"{")
    assert answer.json["error_code"] == "VIAS.00010004"
    answer = client.call("POST", tasks_of(client), TASK, X_Auth_Token="bad")
    assert answer.json["error_code"] == "VIAS.00010005"


def test_start_stop_and_delete_answer_202(client: Client) -> None:
    """And do what the present API does."""
    task_id = made(client, VAS | {"timing": DAILY})
    assert client.call("POST", tasks_of(client, rest=f"/{task_id}/stop")).status == 202
    details = shown(client, task_id)
    assert (details["state"], details["timing_status"]) == ("STOPPING", "INACTIVATED")
    refused(client.call("POST", tasks_of(client, rest=f"/{task_id}/start")), 403, "IVA.0009")
    assert client.call("DELETE", tasks_of(client, rest=f"/{task_id}")).status == 202
    assert shown(client, task_id)["state"] == "DELETING"


def test_a_task_is_seen_only_under_its_own_service(client: Client) -> None:
    """The service in the path is part of the name."""
    task_id = made(client)
    for method, rest in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/stop")):
        body = {} if method == "PUT" else None
        refused(client.call(method, tasks_of(client, EDGE, f"/{task_id}{rest}"), body), 404, "IVA.0005", task_id)
    assert shown(client, task_id)["state"] == "PENDING"


def test_tasks_of_the_present_api_are_shown_in_the_older_words(client: Client) -> None:
    """A project may have clients of both."""
    task_id = client.created(TASK | {"schedule": SCHEDULE, "config": {"common": {"image_compression_ratio": 70}}})
    details = shown(client, task_id)
    assert details["timing"] == {
        "type": "weekly",
        "timezone": "+08:00",
        "days_of_week": [1, 2],
        "periods": SCHEDULE["periods"][0],
    }
    assert details["service_config"] == {"common": {"image_compression_ratio": 70}}


def test_days_with_different_windows_are_told_without_them(client: Client) -> None:
    """The older timetable has one list for all days; half a truth would be worse than none."""
    windows = [[WINDOWS[0]], [WINDOWS[1]]]
    task_id = client.created(TASK | {"schedule": SCHEDULE | {"periods": windows}})
    assert shown(client, task_id)["timing"] == {"type": "weekly", "timezone": "+08:00", "days_of_week": [1, 2]}


def _several(service: Service, client: Client) -> list[str]:
    ids = []
    for n, name in enumerate(["alpha", "Beta_1", "gamma", "beta-2"]):
        service.clock.now += 1000
        ids.append(
            made(client, VAS | {"name": name, "input": {"type": "url", "data": [{"url": f"rtsp://a.test/{n}"}]}})
        )
    return ids


def names_of(client: Client, query: str) -> tuple[int, list[str]]:
    answer = client.call("GET", tasks_of(client, rest=query))
    assert answer.status == 200, answer.text
    return answer.json["count"], [task["name"] for task in answer.json["tasks"]]


def test_the_list_filters_sorts_and_cuts(service: Service, client: Client) -> None:
    """Each parameter makes a difference that can be seen; the count is that of all that match."""
    start = service.clock.now
    ids = _several(service, client)
    made(
        client,
        VAS
        | {
            "name": "elsewhere",
            "edge_pool_id": "b" * 32,
            "input": {
                "type": "edgerestful",
                "data": [{"url": "https://c.test/a", "rtsp_path_in_response": "data/url"}],
            },
        },
        EDGE,
    )
    newest = ["beta-2", "gamma", "Beta_1", "alpha"]
    assert names_of(client, "") == (4, newest)
    assert names_of(client, "?order=created_at:ASC") == (4, newest[::-1])
    assert names_of(client, "?order=name:DESC")[1][0] == "gamma"
    assert names_of(client, "?limit=2&offset=1") == (4, ["gamma", "Beta_1"])
    assert names_of(client, "?name_like=BETA") == (2, ["beta-2", "Beta_1"])
    assert names_of(client, "?name_like=a_1") == (1, ["Beta_1"])
    assert names_of(client, f"?id_like={ids[2][5:20]}") == (1, ["gamma"])
    assert names_of(client, f"?created_since={start + 2000}&created_until={start + 3000}") == (2, ["gamma", "Beta_1"])
    assert names_of(client, "?service_version=3.0")[0] == 4
    assert names_of(client, "?service_version=1.0") == (0, [])
    service.clock.now += 1000
    client.call("POST", tasks_of(client, rest=f"/{ids[0]}/stop"))
    assert names_of(client, "?state=STOPPING") == (1, ["alpha"])
    assert names_of(client, "?state=STOPPING,PENDING")[0] == 4
    assert names_of(client, "?state=STOPPING&state=RUNNING")[0] == 1
    assert names_of(client, "?order=updated_at:DESC")[1][0] == "alpha"
    assert names_of(client, "?order=updated_at:ASC")[1][-1] == "alpha"


@pytest.mark.parametrize("text", ["name_like=a", "id_like=-"])
def test_the_count_is_told_of_every_page_of_a_search(service: Service, client: Client, text: str) -> None:
    """It is not counted where a page that is not full tells it; nobody may see the difference."""
    _several(service, client)
    total, names = names_of(client, f"?{text}")
    for limit in range(1, len(names) + 2):
        for offset in range(len(names) + 2):
            page = names_of(client, f"?{text}&limit={limit}&offset={offset}")
            assert page == (total, names[offset : offset + limit])


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "offset=-1",
        "offset=100001",
        "order=created_at",
        "order=state:ASC",
        "state=LAZY",
        "created_since=yesterday",
        "created_until=-1",
        "id_like=%25",
    ],
)
def test_a_query_that_breaks_its_rule_is_refused_by_name(client: Client, query: str) -> None:
    """With the code of the older dialect."""
    refused(client.call("GET", tasks_of(client, rest=f"?{query}")), 400, "IVA.0004", query.partition("=")[0])


def put(client: Client, task_id: str, body: Any) -> Any:
    answer = client.call("PUT", tasks_of(client, rest=f"/{task_id}"), body)
    assert answer.status == 200, answer.text
    return answer.json


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "renamed"}, "name"),
        ({"description": "changed"}, "description"),
        ({"timing": WEEKLY}, "timing"),
        ({"input": {"type": "url", "data": [{"url": "rtsp://other.test/2"}]}}, "input"),
        ({"output": {"localpath": {"mount_source_path": "/data/a"}}}, "output"),
        ({"service_config": {"common": {"image_compression_ratio": 60}}}, "service_config"),
    ],
)
def test_an_update_changes_what_it_names_and_nothing_else(client: Client, body: dict[str, Any], field: str) -> None:
    """Partial, as the older API has it; the answer is the task as it is now."""
    task_id = made(client, VAS | {"timing": DAILY, "edge_pool_id": "c" * 32})
    before = shown(client, task_id)
    after = put(client, task_id, body)
    assert after[field] == body[field]
    assert after == shown(client, task_id)
    assert {name for name in before | after if before.get(name) != after.get(name)} <= {field, "updated_at"}


def test_a_document_that_is_read_and_sent_back_changes_nothing(client: Client) -> None:
    """Masked header values stand for the stored ones, and fields that cannot be changed may be repeated."""
    task_id = made(client, VAS | {"timing": DAILY, "edge_pool_id": "c" * 32})
    before = shown(client, task_id)
    assert put(client, task_id, before) == before


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"service_version": "2.0"}, "service_version"),
        ({"edge_pool_id": "d" * 32}, "edge_pool_id"),
        ({"resource_order_id": "another-order"}, "resource_order_id"),
        ({"input": {"type": "url", "data": [{"url": "rtsp://a.test/1"}, {"url": "rtsp://a.test/2"}]}}, "data"),
        ({"input": {"type": "vis", "data": [{"stream_name": "s"}]}}, "vis"),
        ({"timing": WEEKLY | {"type": "once"}}, "once"),
        ({"output": {}}, "output"),
        ({"name": "taken"}, "name"),
    ],
)
def test_an_update_that_cannot_be_is_refused_by_name(client: Client, body: dict[str, Any], word: str) -> None:
    """And changes nothing."""
    made(client, VAS | {"name": "taken"})
    task_id = made(client)
    before = shown(client, task_id)
    refused(client.call("PUT", tasks_of(client, rest=f"/{task_id}"), body), 400, "IVA.0004", word)
    assert shown(client, task_id) == before


def test_a_strangers_endless_body_is_not_waited_for(client: Client) -> None:
    """Which dialect a refusal speaks is read from the body, within the bound that holds for all."""
    pieces = (b" " * 65_536 for _ in range(20))
    answer = client.pool.request(
        "POST", client.base + tasks_of(client), body=pieces, headers={"X-Auth-Token": "bad"}, chunked=True, timeout=20
    )
    assert answer.status == 401
