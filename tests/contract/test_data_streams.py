"""Durable streams over HTTP, in the shape of DIS."""

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from bodies import changed
from service import KEYS, Answer, Client, Service

from vedette.model.data_stream import RECORDS_PER_PUT, STREAMS_PER_PROJECT
from vedette.model.ids import ProjectId
from vedette.store import data_streams

BODY: dict[str, Any] = {
    "stream_name": "s-1",
    "partition_count": 2,
    "stream_type": "ADVANCED",
    "data_type": "CSV",
    "data_duration": 48,
}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def stream(client: Client, name: str = "s-1", partitions: int = 1, **given: Any) -> None:
    body = {"stream_name": name, "partition_count": partitions} | given
    answer = client.call("POST", f"{client.root}/streams", body)
    assert (answer.status, answer.json) == (201, {}), answer.text


def put(client: Client, *records: dict[str, Any], **given: Any) -> Answer:
    return client.call("POST", f"{client.root}/records", {"stream_name": "s-1", "records": list(records)} | given)


def ask(client: Client, **query: Any) -> Answer:
    named = {name.replace("_", "-"): value for name, value in query.items()}
    asked = {"stream-name": "s-1", "partition-id": "shardId-0000000000"} | named
    return client.call("GET", f"{client.root}/cursors?{urlencode(asked)}")


def cursor(client: Client, kind: str = "TRIM_HORIZON", **query: Any) -> str:
    answer = ask(client, cursor_type=kind, **query)
    assert answer.status == 200, answer.text
    return str(answer.json["partition_cursor"])


def read(client: Client, at: str, **query: Any) -> Answer:
    return client.call("GET", f"{client.root}/records?{urlencode({'partition-cursor': at} | query)}")


def refused(answer: Answer, param: str, status: int = 400) -> bool:
    assert set(answer.json) == KEYS
    return (answer.status, answer.json["params"]) == (status, [param])


def test_a_stream_is_shown_as_it_was_made(service: Service, client: Client) -> None:
    stream(client, **BODY)
    shown = client.call("GET", f"{client.root}/streams/s-1").json
    assert shown.pop("stream_id")
    partitions = shown.pop("partitions")
    assert shown == {
        "stream_name": "s-1", "create_time": service.clock.now, "last_modified_time": service.clock.now,
        "status": "RUNNING", "stream_type": "ADVANCED", "data_type": "CSV", "retention_period": 48,
        "writable_partition_count": 2, "readable_partition_count": 2, "auto_scale_enabled": False,
        "has_more_partitions": False, "max_bytes": 2**30,
    }  # fmt: skip
    assert [one["partition_id"] for one in partitions] == ["shardId-0000000000", "shardId-0000000001"]
    assert {one["status"] for one in partitions} == {"ACTIVE"}
    assert partitions[0]["hash_range"] == f"[0 : {2**62 - 1}]"
    assert partitions[0]["sequence_number_range"] == "[0 : 0]"


def test_streams_are_listed_page_by_page_and_deleted(client: Client) -> None:
    for name in ("c", "a", "b"):
        stream(client, name)
    first = client.call("GET", f"{client.root}/streams?limit=2").json
    assert (first["stream_names"], first["total_number"], first["has_more_streams"]) == (["a", "b"], 3, True)
    assert [one["partition_count"] for one in first["stream_info_list"]] == [1, 1]
    rest = client.call("GET", f"{client.root}/streams?start_stream_name=b").json
    assert (rest["stream_names"], rest["has_more_streams"]) == (["c"], False)
    gone = client.call("DELETE", f"{client.root}/streams/a")
    assert (gone.status, gone.text) == (204, "")
    assert refused(client.call("DELETE", f"{client.root}/streams/a"), "stream_name")
    assert refused(client.call("GET", f"{client.root}/streams/a"), "stream_name")


def test_a_name_is_used_once_and_the_number_of_streams_is_bounded(client: Client) -> None:
    stream(client)
    assert refused(client.call("POST", f"{client.root}/streams", BODY), "stream_name")
    for n in range(STREAMS_PER_PROJECT - 1):
        stream(client, f"more-{n}")
    answer = client.call("POST", f"{client.root}/streams", BODY | {"stream_name": "over"})
    assert answer.status == 400
    assert str(STREAMS_PER_PROJECT) in answer.json["detail"]


def test_a_create_that_is_repeated_makes_nothing_new(client: Client) -> None:
    for _ in range(2):
        answer = client.call("POST", f"{client.root}/streams", BODY, Idempotency_Key="k-1")
        assert answer.status == 201
    for _ in range(2):
        sent = {"stream_name": "s-1", "records": [{"data": "eA==", "partition_id": "0"}]}
        answer = client.call("POST", f"{client.root}/records", sent, Idempotency_Key="k-2")
        assert answer.json["records"] == [{"partition_id": "shardId-0000000000", "sequence_number": "0"}]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stream_name", ""), ("stream_name", "a.b"), ("stream_name", "s" * 65), ("partition_count", 0),
        ("partition_count", 51), ("partition_count", "1"), ("stream_type", "FAST"), ("data_type", "XML"),
        ("data_duration", 23), ("data_duration", 73),
    ],
)  # fmt: skip
def test_a_stream_that_breaks_a_rule_is_refused(client: Client, field: str, value: Any) -> None:
    assert refused(client.call("POST", f"{client.root}/streams", changed(BODY, field, value)), field)


@pytest.mark.parametrize(
    ("field", "value"), [("auto_scale_enabled", True), ("tags", [{"key": "k"}]), ("compression_format", "snappy")]
)
def test_what_is_not_served_is_refused_by_its_name(client: Client, field: str, value: Any) -> None:
    """And what says that it is not wanted is no matter: the vendor's older client sends it."""
    answer = client.call("POST", f"{client.root}/streams", BODY | {field: value})
    assert answer.status == 400
    assert field in answer.json["detail"]
    assert client.call("POST", f"{client.root}/streams", BODY | {field: None}).status == 201


def test_records_are_read_back_as_they_were_put(service: Service, client: Client) -> None:
    stream(client)
    answer = put(client, {"data": b64("one"), "partition_key": "k"}, {"data": b64("two")})
    assert answer.json == {
        "failed_record_count": 0,
        "records": [{"partition_id": "shardId-0000000000", "sequence_number": str(n)} for n in range(2)],
    }
    found = read(client, cursor(client)).json
    assert found["records"] == [
        {"partition_key": key, "sequence_number": str(n), "data": b64(text), "timestamp": service.clock.now,
         "timestamp_type": "CreateTime"}
        for n, (key, text) in enumerate([("k", "one"), ("", "two")])
    ]  # fmt: skip
    after = read(client, found["next_partition_cursor"]).json
    assert after["records"] == []
    put(client, {"data": b64("three")})
    assert [one["data"] for one in read(client, after["next_partition_cursor"]).json["records"]] == [b64("three")]


def test_each_record_has_a_result_of_its_own(client: Client) -> None:
    """One that names no partition of the stream is left out; the others are there."""
    stream(client, partitions=2)
    records = [{"data": "eA==", "partition_id": part} for part in ("1", "7", "shardId-0000000001")]
    answer = put(client, *records).json
    assert answer["failed_record_count"] == 1
    assert answer["records"][1]["error_code"] == "DIS.4302"
    assert "sequence_number" not in answer["records"][1]
    assert [one.get("sequence_number") for one in answer["records"]] == ["0", None, "1"]


def test_a_partition_wins_over_a_hash_and_a_hash_over_a_key(client: Client) -> None:
    stream(client, partitions=2)
    top, key = str(2**63 - 1), {"data": "eA==", "partition_key": "k"}
    placed = put(
        client,
        key | {"explicit_hash_key": top, "partition_id": "0"},
        key | {"explicit_hash_key": top},
        key | {"explicit_hash_key": "0"},
    ).json["records"]
    assert [one["partition_id"][-1] for one in placed] == ["0", "1", "0"]


@pytest.mark.parametrize(
    ("field", "value", "param"),
    [
        ("records", [], "records"),
        ("records", [{"data": ""}] * (RECORDS_PER_PUT + 1), "records"),
        ("records.0.data", "no base64!", "data"),
        ("records.0.data", "eA", "data"),
        ("records.0.partition_key", "k" * 257, "partition_key"),
        ("records.0.partition_id", "first", "partition_id"),
        ("records.0.explicit_hash_key", str(2**63), "explicit_hash_key"),
        ("records.0.explicit_hash_key", "-1", "explicit_hash_key"),
        ("stream_name", "nowhere", "stream_name"),
        ("stream_id", "0", "stream_id"),
    ],
)
def test_a_request_that_breaks_a_rule_appends_nothing(client: Client, field: str, value: Any, param: str) -> None:
    stream(client)
    base = {"stream_name": "s-1", "records": [{"data": "eA=="}, {"data": "eQ=="}]}
    assert refused(client.call("POST", f"{client.root}/records", changed(base, field, value)), param)
    assert read(client, cursor(client)).json["records"] == []


def test_a_request_has_a_size(client: Client) -> None:
    stream(client)
    assert put(client, {"data": b64("x" * 700_000)}).status == 200
    assert put(client, {"data": b64("x" * 800_000)}).status == 413


def test_the_five_kinds_of_cursor(service: Service, client: Client) -> None:
    stream(client)
    times = []
    for text in ("0", "1", "2"):
        put(client, {"data": b64(text)})
        times.append(service.clock.now)
        service.clock.now += 1000

    def begins(kind: str, **query: Any) -> list[str]:
        return [one["sequence_number"] for one in read(client, cursor(client, kind, **query)).json["records"]]

    assert begins("TRIM_HORIZON") == ["0", "1", "2"]
    assert begins("LATEST") == []
    assert begins("AT_SEQUENCE_NUMBER", starting_sequence_number=1) == ["1", "2"]
    assert begins("AFTER_SEQUENCE_NUMBER", starting_sequence_number=1) == ["2"]
    assert begins("AT_TIMESTAMP", timestamp=times[1]) == ["1", "2"]
    assert begins("AT_TIMESTAMP", timestamp=times[2] + 1) == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"cursor_type": "FIRST"}, "cursor-type"),
        ({}, "starting-sequence-number"),
        ({"cursor_type": "AFTER_SEQUENCE_NUMBER"}, "starting-sequence-number"),
        ({"starting_sequence_number": "x"}, "starting-sequence-number"),
        ({"starting_sequence_number": "1"}, "starting-sequence-number"),
        ({"cursor_type": "AT_TIMESTAMP"}, "timestamp"),
        ({"cursor_type": "AT_TIMESTAMP", "timestamp": "noon"}, "timestamp"),
        ({"cursor_type": "LATEST", "partition_id": "1"}, "partition-id"),
        ({"cursor_type": "LATEST", "partition_id": "x"}, "partition-id"),
        ({"cursor_type": "LATEST", "stream_name": "nowhere"}, "stream_name"),
    ],
)
def test_a_cursor_to_nowhere_is_refused(client: Client, query: dict[str, str], param: str) -> None:
    stream(client)
    assert refused(ask(client, **query), param)


def test_a_cursor_holds_for_five_minutes_in_its_own_project(service: Service, client: Client) -> None:
    """It is sealed: neither guessed, nor bent, nor carried over."""
    stream(client)
    put(client, {"data": "eA=="})
    at = cursor(client)
    other = service.client()
    assert refused(read(other, at), "partition-cursor")
    for bent in ("x", "=", "é", at[:-2], at[:-1] + ("A" if at[-1] != "A" else "B"), at + at):
        assert refused(read(client, bent), "partition-cursor")
    service.clock.now += 299_000
    assert len(read(client, at).json["records"]) == 1
    service.clock.now += 1000
    assert "five minutes" in read(client, at).json["detail"]


def test_a_cursor_of_a_stream_that_is_gone_is_refused(client: Client) -> None:
    """Also when a new one has its name: it would begin in the middle of something else."""
    stream(client)
    at = cursor(client)
    client.call("DELETE", f"{client.root}/streams/s-1")
    stream(client)
    assert refused(read(client, at), "partition-cursor")


def test_as_much_is_read_as_is_asked_for(client: Client) -> None:
    stream(client)
    put(client, *({"data": b64("x" * 100)} for _ in range(5)))
    at, sizes = cursor(client), []
    for _ in range(3):
        answer = read(client, at, max_fetch_bytes=250).json
        sizes.append(len(answer["records"]))
        at = answer["next_partition_cursor"]
    assert sizes == [2, 2, 1]
    assert len(read(client, cursor(client), max_fetch_bytes=1).json["records"]) == 1
    for wrong in (0, 2**22 + 1, "all"):
        assert refused(read(client, at, max_fetch_bytes=wrong), "max_fetch_bytes")


def test_the_older_client_ends_its_paths_with_a_stroke(client: Client) -> None:
    assert client.call("POST", f"{client.root}/streams/", BODY).status == 201
    assert client.call("GET", f"{client.root}/streams/s-1/?limit_partitions=1").json["has_more_partitions"]
    sent = {"stream_name": "s-1", "stream_id": "", "records": [{"data": "eA==", "partition_id": "0"}]}
    assert client.call("POST", f"{client.root}/records/", sent).json["failed_record_count"] == 0
    query = "stream-name=s-1&partition-id=0&cursor-type=TRIM_HORIZON"
    at = client.call("GET", f"{client.root}/cursors/?{query}").json["partition_cursor"]
    assert len(client.call("GET", f"{client.root}/records/?partition-cursor={at}").json["records"]) == 1


def test_a_viewer_reads_and_does_not_write(service: Service) -> None:
    viewer = service.client(roles=("viewer",))
    answer = viewer.call("POST", f"{viewer.root}/streams", BODY)
    assert answer.status == 403
    project = ProjectId(viewer.account.project_id)
    service.run(service.db.write(data_streams.of_name, project, "s-1", service.clock.now))
    assert put(viewer, {"data": "eA=="}).status == 403
    assert viewer.call("DELETE", f"{viewer.root}/streams/s-1").status == 403
    assert read(viewer, cursor(viewer)).json["records"] == []
