"""Every limit of the two published pages, over HTTP: what is refused, with which code and parameter; what is taken."""

from typing import Any

import pytest
from bodies import FULL, INPUTS, REMOVE, SCHEDULE, TASK, VCN_DEVICE, changed, with_input
from service import CLOUD, EDGE, KEYS, Client

HEADERS_11 = {f"h{n}": "v" for n in range(11)}
WINDOW = {"begin_at": "08:00:00", "end_at": "09:00:00"}
LONG_URL = "http://" + "a" * 993

FIELDS: list[tuple[str, Any]] = [
    ("name", REMOVE),
    ("name", None),
    ("name", ""),
    ("name", "n" * 101),
    ("name", "a b"),
    ("name", "a.b"),
    ("name", "gate-1\n"),
    ("name", 7),
    ("name", True),
    ("description", "d" * 501),
    ("description", 5),
    ("description", "a\x00b"),
    ("service_version", REMOVE),
    ("service_version", "10"),
    ("service_version", "1" * 33),
    ("service_version", "1.0_"),
    ("service_version", "V1.0"),
    ("service_version", 3.0),
    ("resource_order_id", "abc"),
    ("resource_order_id", "a" * 37),
    ("resource_order_id", "ABCD"),
    ("resource_order_id", 1234),
    ("priority", "urgent"),
    ("priority", "High"),
    ("priority", 0),
    ("is_saved_as_template", "true"),
    ("is_saved_as_template", 1),
    ("input", REMOVE),
    ("input", []),
    ("input", "url"),
    ("input.type", REMOVE),
    ("input.type", "camera"),
    ("input.type", ""),
    ("input.type", 3),
    ("input.data", REMOVE),
    ("input.data", []),
    ("input.data", {}),
    ("input.data", [{"url": "http://test", "index": n} for n in range(50)] + [{"url": "http://test"}]),
    ("input.data.0.url", "http://x"),
    ("input.data.0.url", "http://test."),
    ("input.data.0.url", "gopher://test/a"),
    ("input.data.0.url", "camera.test"),
    ("input.data.0.url", "http://te st"),
    ("input.data.0.url", "http://test/\u4e2d"),
    ("input.data.0.url", "http://test\n"),
    ("input.data.0.url", LONG_URL + "a"),
    ("input.data.0.url", 8),
    ("input.data.0.index", -1),
    ("input.data.0.index", 50),
    ("input.data.0.index", "0"),
    ("input.data.0.index", 0.5),
    ("input.data.0.index", True),
    ("input.data.0.stream_name", "s" * 81),
    ("input.data.0.stream_name", ""),
    ("input.data.0.stream_name", "a b"),
    ("schedule", []),
    ("schedule.type", REMOVE),
    ("schedule.type", "daily"),
    ("schedule.type", "Weekly"),
    ("schedule.timezone", REMOVE),
    ("schedule.timezone", "08:00"),
    ("schedule.timezone", "+8:00"),
    ("schedule.timezone", "+08:00:00"),
    ("schedule.timezone", "+14:01"),
    ("schedule.timezone", "-12:01"),
    ("schedule.timezone", "+08:60"),
    ("schedule.timezone", "UTC"),
    ("schedule.days_of_week", REMOVE),
    ("schedule.days_of_week", []),
    ("schedule.days_of_week", [0]),
    ("schedule.days_of_week", [8]),
    ("schedule.days_of_week", [1, 1]),
    ("schedule.days_of_week", ["1"]),
    ("schedule.days_of_week", [1, 2, 3, 4, 5, 6, 7, 1]),
    ("schedule.days_of_week", 1),
    ("schedule.days_of_month", [0]),
    ("schedule.days_of_month", [32]),
    ("schedule.days_of_month", "1"),
    ("schedule.days_of_month", [1, 1]),
    ("schedule.zone", "Berlin"),
    ("schedule.zone", "../etc/passwd"),
    ("schedule.zone", ""),
    ("schedule.skip_dates", ["2026-02-30"]),
    ("schedule.skip_dates", ["20260201"]),
    ("schedule.skip_dates", ["2026-02-01", "2026-02-01"]),
    ("schedule.skip_dates", "2026-02-01"),
    ("schedule.periods", REMOVE),
    ("schedule.periods", []),
    ("schedule.periods", [[]]),
    ("schedule.periods", [WINDOW]),
    ("schedule.periods", [[WINDOW]] * 3),
    ("schedule.periods", [[WINDOW] * 11]),
    ("schedule.periods", [[], [], [WINDOW], [], [], [], []]),
    ("output", REMOVE),
    ("output", {}),
    ("output", {"event_center": False}),
    ("output", {"webhook": None}),
    ("output.event_center", "yes"),
    ("output.event_center", 2),
    ("output.event_center", []),
    ("output.obs.bucket", REMOVE),
    ("output.obs.bucket", "ab"),
    ("output.obs.bucket", "b" * 64),
    ("output.obs.bucket", "Abc"),
    ("output.obs.bucket", "a--b"),
    ("output.obs.bucket", "abc-.def"),
    ("output.obs.bucket", "-abc"),
    ("output.obs.path", REMOVE),
    ("output.obs.path", ""),
    ("output.obs.path", "/abs"),
    ("output.obs.path", "a//b"),
    ("output.obs.path", "a\\b"),
    ("output.obs.path", "a:b"),
    ("output.obs.path", "end."),
    ("output.obs.path", "p" * 1024),
    ("output.obs.data_category", ["x"] * 11),
    ("output.obs.data_category", [str(n) for n in range(11)]),
    ("output.obs.data_category", [1]),
    ("output.obs.data_category", ["x", "x"]),
    ("output.dis.stream_name", REMOVE),
    ("output.dis.stream_name", ""),
    ("output.dis.stream_name", "s" * 65),
    ("output.dis.stream_name", "a.b"),
    ("output.dis.data_category", [str(n) for n in range(11)]),
    ("output.webhook.url", REMOVE),
    ("output.webhook.url", LONG_URL + "a"),
    ("output.webhook.url", "rtsp://receiver.test/hook"),
    ("output.webhook.url", "file:///etc/passwd"),
    ("output.webhook.url", "ftp://receiver.test/hook"),
    ("output.webhook.url", "http:///hook"),
    ("output.webhook.url", "http://x"),
    ("output.webhook.headers", REMOVE),
    ("output.webhook.headers", {}),
    ("output.webhook.headers", HEADERS_11),
    ("output.webhook.headers", {"a": 1}),
    ("output.webhook.headers", {"a": None}),
    ("output.webhook.headers", {"a": {"b": "c"}}),
    ("output.webhook.headers", {"": "v"}),
    ("output.webhook.headers", {"a b": "v"}),
    ("output.webhook.headers", {"a": "v\r\nX-Evil: 1"}),
    ("output.webhook.headers", []),
    ("output.webhook.data_category", [str(n) for n in range(11)]),
    ("config", []),
    ("config.common", []),
    ("config.common", "{}"),
    ("config.common", {"x": 2**70}),
]
INPUT_FIELDS: list[tuple[str, str, Any]] = [
    ("video_source", "video_source_id", REMOVE),
    ("video_source", "video_source_id", "abc"),
    ("video_source", "video_source_id", "a" * 37),
    ("video_source", "video_source_id", "ABCDE"),
    ("video_source", "video_source_id", 12345),
    ("obs", "bucket", REMOVE),
    ("obs", "bucket", "ab"),
    ("obs", "bucket", "b" * 64),
    ("obs", "path", REMOVE),
    ("obs", "path", ""),
    ("obs", "path", "/a.mp4"),
    ("obs", "path", "p" * 1024),
    ("url", "url", REMOVE),
    ("url", "url", None),
    ("restful", "url", REMOVE),
    ("restful", "url", "ftp.test"),
    ("restful", "rtsp_path_in_response", REMOVE),
    ("restful", "rtsp_path_in_response", "/data/url"),
    ("restful", "rtsp_path_in_response", "a1"),
    ("restful", "rtsp_path_in_response", "data.url"),
    ("restful", "rtsp_path_in_response", "data//url"),
    ("restful", "rtsp_path_in_response", "d" * 1025),
    ("restful", "headers", HEADERS_11),
    ("restful", "headers", {"a": 1}),
    ("restful", "headers", "a: b"),
    ("restful", "certificate_check", "true"),
    ("restful", "certificate_check", 1),
    ("edgecamera", "id", REMOVE),
    ("edgecamera", "id", ""),
    ("edgecamera", "id", "-abc"),
    ("edgecamera", "id", "i" * 64),
    ("vcn", "device_id", REMOVE),
    ("vcn", "device_id", "aec5857c-0000-4000-8000-000000000000"),
    ("vcn", "device_id", VCN_DEVICE + "1"),
    ("vcn", "device_id", VCN_DEVICE[1:]),
    ("vcn", "stream_type", 0),
    ("vcn", "stream_type", 4),
    ("vcn", "stream_type", "1"),
]
VCN_FIELDS: list[tuple[str, Any]] = [
    ("ip", REMOVE),
    ("ip", "10.1.2"),
    ("ip", "10.1.2.256"),
    ("ip", "::1"),
    ("port", REMOVE),
    ("port", -1),
    ("port", 65536),
    ("port", "65536"),
    ("port", "4675x"),
    ("port", True),
    ("port", 1.5),
    ("username", REMOVE),
    ("username", ""),
    ("username", "u" * 101),
    ("username", "a\nb"),
    ("password", REMOVE),
    ("password", ""),
    ("password", "p" * 1001),
]
SERVICE_OF = {"edgecamera": EDGE, "vcn": EDGE}


def refused(client: Client, body: Any, param: str, *, service: str = CLOUD, code: str = "VIAS.00010001") -> None:
    answer = client.create(body, service)
    assert answer.status == 400, answer.text
    told = answer.json
    assert set(told) == KEYS
    assert (told["error_code"], told["params"]) == (code, [param]), answer.text
    assert answer.headers["X-Request-Id"]


@pytest.fixture(scope="module")
def shared(service: Any) -> Client:
    """Refusals leave nothing behind, so they may share a project."""
    client: Client = service.client()
    return client


@pytest.mark.parametrize(("path", "value"), FIELDS)
def test_a_field_that_breaks_its_rule_is_refused_by_name(shared: Client, path: str, value: Any) -> None:
    """`params` tells a program which field to correct."""
    refused(shared, changed(FULL, path, value), path.rpartition(".")[2])


@pytest.mark.parametrize(("kind", "field", "value"), INPUT_FIELDS)
def test_an_input_field_that_breaks_its_rule_is_refused_by_name(
    shared: Client, kind: str, field: str, value: Any
) -> None:
    """Which fields an entry needs depends on the input's type."""
    body = changed(with_input(kind), f"input.data.0.{field}", value)
    refused(shared, body, field, service=SERVICE_OF.get(kind, CLOUD))


@pytest.mark.parametrize(("field", "value"), VCN_FIELDS)
def test_a_vcn_field_that_breaks_its_rule_is_refused_by_name(shared: Client, field: str, value: Any) -> None:
    """All four are mandatory inside the object."""
    refused(shared, changed(with_input("vcn"), f"input.vcn.{field}", value), field, service=EDGE)


@pytest.mark.parametrize(
    ("window", "param"),
    [
        ({"end_at": "09:00:00"}, "begin_at"),
        ({"begin_at": "09:00:00"}, "end_at"),
        ({"begin_at": "8:00:00", "end_at": "09:00:00"}, "begin_at"),
        ({"begin_at": "25:00:00", "end_at": "26:00:00"}, "begin_at"),
        ({"begin_at": "08:60:00", "end_at": "09:00:00"}, "begin_at"),
        ({"begin_at": "2024-01-01T08:00:00", "end_at": "09:00:00"}, "begin_at"),
        ({"begin_at": "08:00:00", "end_at": "2024-01-01T09:00:00"}, "end_at"),
        ({"begin_at": "08:00:00", "end_at": "08:00:00"}, "end_at"),
        ({"begin_at": "22:00:00", "end_at": "06:00:00"}, "end_at"),
        ({"begin_at": "08:00:00", "end_at": 9}, "end_at"),
    ],
)
def test_a_window_that_is_none_is_refused(shared: Client, window: dict[str, Any], param: str) -> None:
    """The published pattern checks neither ranges nor order."""
    refused(shared, changed(FULL, "schedule.periods", [[window]]), param)


def test_a_vcn_input_needs_its_server_and_no_other_input_may_have_one(shared: Client) -> None:
    """`vcn` is mandatory exactly when the type is vcn."""
    refused(shared, changed(with_input("vcn"), "input.vcn", REMOVE), "vcn", service=EDGE)
    refused(shared, changed(TASK, "input.vcn", INPUTS["vcn"]["vcn"]), "vcn")


def test_indices_are_unique_and_default_to_the_position(shared: Client) -> None:
    """Two tasks of one request would get the same name otherwise."""
    two = [{"url": "http://test", "index": 1}, {"url": "http://test", "index": 1}]
    refused(shared, changed(TASK, "input.data", two), "index")
    refused(shared, changed(TASK, "input.data", [{"url": "http://test", "index": 1}, {"url": "http://test"}]), "index")


@pytest.mark.parametrize(("kind", "at"), [("obs", EDGE), ("url", EDGE), ("edgecamera", CLOUD), ("vcn", CLOUD)])
def test_cloud_and_edge_services_refuse_each_others_inputs_after_the_field_rules(
    shared: Client, kind: str, at: str
) -> None:
    """The page says which inputs each kind of service takes."""
    refused(shared, with_input(kind), "type", service=at)
    refused(shared, changed(with_input(kind), "name", "a b"), "name", service=at)


@pytest.mark.parametrize(
    ("at", "version", "param"),
    [("c-no-such-service", "3.0", "service_name"), (CLOUD, "9.9", "service_version")],
)
def test_a_service_or_version_that_does_not_exist_is_told_after_the_field_rules(
    shared: Client, at: str, version: str, param: str
) -> None:
    """A reference that leads nowhere has a code of its own."""
    body = TASK | {"service_version": version}
    refused(shared, body, param, service=at, code="VIAS.00010002")
    refused(shared, changed(body, "name", ""), "name", service=at)


@pytest.mark.parametrize("name", ["s" * 101, "a%20b", "a%3Bb"])
def test_a_service_name_in_the_path_keeps_its_limit(shared: Client, name: str) -> None:
    """1 to 100 characters of the published alphabet."""
    refused(shared, TASK, "service_name", service=name)


def test_a_known_parameter_with_a_bad_value_is_refused(shared: Client) -> None:
    """A task that would run with another setting than the one meant is worse than none."""
    refused(shared, TASK | {"config": {"common": {"render_result_sw": 5}}}, "render_result_sw")


def test_a_video_source_that_does_not_exist_is_told(shared: Client) -> None:
    """The page's first example names one."""
    refused(shared, with_input("video_source"), "video_source_id", code="VIAS.00010002")


ACCEPTED: list[tuple[str, Any]] = [
    ("name", "n" * 100),
    ("name", "\u5317\u95e8_Gate-1"),
    ("description", "d" * 500),
    ("description", ""),
    ("description", None),
    ("resource_order_id", "a-_1"),
    ("resource_order_id", "a" * 36),
    ("is_saved_as_template", True),
    ("schedule", None),
    ("schedule.timezone", "+14:00"),
    ("schedule.timezone", "-12:00"),
    ("schedule.days_of_month", [1, 31]),
    ("schedule.zone", "Asia/Shanghai"),
    ("schedule.skip_dates", ["2026-02-01", "2028-02-29"]),
    ("schedule.skip_dates", []),
    ("schedule.periods", [[WINDOW], []]),
    ("schedule.periods", [[WINDOW] * 10]),
    ("schedule.periods", [[{"begin_at": "00:00:00", "end_at": "24:00:00"}]]),
    ("input.data.0.url", LONG_URL),
    ("input.data.0.url", "http://test"),
    ("input.data.0.url", "file:///clips/a.mp4"),
    ("input.data.0.url", "rtsps://camera.test/main"),
    ("input.data.0.url", "rtsp://[fe80::1]:554/main"),
    ("input.data.0.index", 49),
    ("input.data.0.index", None),
    ("input.data.0.stream_name", "s" * 80),
    ("input.type", "URL"),
    ("output.obs.bucket", "b" * 63),
    ("output.obs.bucket", "a.b-c"),
    ("output.obs.path", "output/"),
    ("output.obs.path", "p" * 1023),
    ("output.obs.data_category", [str(n) for n in range(10)]),
    ("output.dis.stream_name", "s" * 64),
    ("output.webhook.url", LONG_URL),
    ("output.webhook.url", "http://[2001:db8::1]:8080/hook"),
    ("output.webhook.headers", {f"h{n}": "" for n in range(10)}),
    ("output.event_center", 1),
    ("output.event_center", "true"),
    ("output.event_center", "0"),
    ("config", {}),
    ("config", {"common": None}),
    ("unknown_field", {"manufacturer": "VIAS"}),
    ("priority", "low"),
    ("priority", "high"),
    ("priority", None),
]


@pytest.mark.parametrize(("path", "value"), ACCEPTED)
def test_a_value_at_its_limit_is_taken(client: Client, path: str, value: Any) -> None:
    """A limit that is one too strict breaks somebody's client."""
    answer = client.create(changed(FULL, path, value))
    assert answer.status == 200, answer.text


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("obs", "bucket", "abc"),
        ("restful", "headers", {}),
        ("restful", "headers", None),
        ("restful", "certificate_check", None),
        ("restful", "rtsp_path_in_response", "url"),
        ("edgecamera", "id", "i" * 63),
        ("vcn", "stream_type", 3),
        ("vcn", "stream_type", None),
        ("vcn", "device_id", "1" * 20 + "#1#" + "a" * 32),
    ],
)
def test_an_input_at_its_limit_is_taken(client: Client, kind: str, field: str, value: Any) -> None:
    """Inputs that this release cannot serve are taken as well; the task tells so when it is to start."""
    body = changed(with_input(kind), f"input.data.0.{field}", value)
    answer = client.create(body, SERVICE_OF.get(kind, CLOUD))
    assert answer.status == 200, answer.text


@pytest.mark.parametrize("port", [0, 65535, "4675"])
def test_a_vcn_port_may_come_as_text(client: Client, port: Any) -> None:
    """The published samples send it so."""
    task_id = client.created(changed(with_input("vcn"), "input.vcn.port", port), EDGE)
    assert client.show(task_id)["input"]["vcn"]["port"] == int(port)


@pytest.mark.parametrize(("sent", "canonical"), [("edgerestful", "restful"), ("EdgeRestful", "restful")])
def test_the_older_name_of_the_restful_input_is_taken(client: Client, sent: str, canonical: str) -> None:
    """The page's own text uses it."""
    task_id = client.created(changed(with_input("restful"), "input.type", sent))
    assert client.show(task_id)["input"]["type"] == canonical


def test_the_schedule_of_the_tests_is_itself_in_order(client: Client) -> None:
    """Else every refusal above could have another reason."""
    assert client.create(FULL | {"schedule": SCHEDULE}).status == 200
