"""The vendor's SDK of its data ingestion service writes to a stream and reads it back, with a key and with a token.

Its modules are imported by the tests and not above: importing them writes into the home folder.
"""

import base64
import importlib
import json
from typing import Any

import pytest
from service import Client

STREAM = "gate-events"
FIRST = "shardId-0000000000"


@pytest.fixture(scope="module")
def sdk(home: Any) -> Any:
    return importlib.import_module("huaweicloudsdkdis.v2")


@pytest.fixture(scope="module")
def exceptions(home: Any) -> Any:
    return importlib.import_module("huaweicloudsdkcore.exceptions.exceptions")


@pytest.fixture(params=["key", "token"])
def dis(request: Any, sdk: Any, client: Client) -> Any:
    """A client of the SDK in a project of its own."""
    credentials = importlib.import_module("huaweicloudsdkcore.auth.credentials").BasicCredentials
    account = client.account
    key = (account.access_key, account.secret_key) if request.param == "key" else ("nobody", "nothing")
    builder = sdk.DisClient.new_builder().with_credentials(credentials(*key, account.project_id))
    built = builder.with_endpoint(client.base).build()
    if request.param == "token":  # the SDK signs as well, with the key of nobody
        built.preset_headers = {"X-Auth-Token": account.token}
    return built


def made(sdk: Any, dis: Any, partitions: int = 1) -> None:
    body = sdk.CreateStreamReq(
        stream_name=STREAM, partition_count=partitions, stream_type="COMMON", data_type="JSON", data_duration=24
    )
    assert dis.create_stream(sdk.CreateStreamRequest(body=body)).status_code == 201


def put(sdk: Any, dis: Any, *entries: Any) -> Any:
    return dis.send_records(
        sdk.SendRecordsRequest(body=sdk.PutRecordsRequest(stream_name=STREAM, records=list(entries)))
    )


def entry(sdk: Any, value: Any, **given: Any) -> Any:
    return sdk.PutRecordsRequestEntry(data=base64.b64encode(json.dumps(value).encode()).decode(), **given)


def read(sdk: Any, dis: Any, kind: str, partition: str = FIRST, **given: Any) -> list[Any]:
    """Read from a place on until nothing comes, two records' worth at a time."""
    asked = sdk.ShowCursorRequest(stream_name=STREAM, partition_id=partition, cursor_type=kind, **given)
    at: str = dis.show_cursor(asked).partition_cursor
    found: list[Any] = []
    while True:
        answer = dis.consume_records(sdk.ConsumeRecordsRequest(partition_cursor=at, max_fetch_bytes=20))
        if not answer.records:
            return found
        found += answer.records
        at = answer.next_partition_cursor


def values(records: list[Any]) -> list[Any]:
    return [json.loads(base64.b64decode(record.data)) for record in records]


def test_what_is_put_is_read_back_in_order(sdk: Any, dis: Any) -> None:
    made(sdk, dis)
    events = [{"n": n} for n in range(9)]
    answer = put(sdk, dis, *(entry(sdk, event, partition_key="task-1") for event in events))
    assert answer.failed_record_count == 0
    assert [(one.partition_id, one.sequence_number) for one in answer.records] == [(FIRST, str(n)) for n in range(9)]
    records = read(sdk, dis, "TRIM_HORIZON")
    assert values(records) == events
    assert {(record.partition_key, record.timestamp_type) for record in records} == {("task-1", "CreateTime")}
    assert values(read(sdk, dis, "AT_SEQUENCE_NUMBER", starting_sequence_number="7")) == events[7:]
    assert values(read(sdk, dis, "AFTER_SEQUENCE_NUMBER", starting_sequence_number="7")) == events[8:]
    assert values(read(sdk, dis, "AT_TIMESTAMP", timestamp=records[0].timestamp)) == events
    assert read(sdk, dis, "LATEST") == []


def test_records_of_a_key_are_in_one_partition(sdk: Any, dis: Any) -> None:
    made(sdk, dis, 3)
    placed = put(sdk, dis, *(entry(sdk, n, partition_key=f"task-{n % 2}") for n in range(8))).records
    assert {len({one.partition_id for one in placed[n::2]}) for n in range(2)} == {1}
    parts = {one.partition_id for one in dis.show_stream(sdk.ShowStreamRequest(stream_name=STREAM)).partitions}
    assert len(parts) == 3
    assert sorted(value for part in parts for value in values(read(sdk, dis, "TRIM_HORIZON", part))) == list(range(8))


def test_an_entry_that_fails_is_told(sdk: Any, dis: Any) -> None:
    made(sdk, dis)
    answer = put(sdk, dis, entry(sdk, 1), entry(sdk, 2, partition_id="shardId-0000000009"))
    assert answer.failed_record_count == 1
    assert (answer.records[1].error_code, answer.records[1].sequence_number) == ("DIS.4302", None)


def test_streams_are_listed_shown_and_deleted(sdk: Any, dis: Any, exceptions: Any) -> None:
    made(sdk, dis)
    listed = dis.list_streams(sdk.ListStreamsRequest(limit=5))
    assert (listed.total_number, listed.stream_names, listed.has_more_streams) == (1, [STREAM], False)
    shown = dis.show_stream(sdk.ShowStreamRequest(stream_name=STREAM, limit_partitions=1000))
    assert (shown.stream_type, shown.data_type, shown.retention_period, shown.status) == (
        "COMMON",
        "JSON",
        24,
        "RUNNING",
    )
    assert [(one.partition_id, one.status) for one in shown.partitions] == [(FIRST, "ACTIVE")]
    assert dis.delete_stream(sdk.DeleteStreamRequest(stream_name=STREAM)).status_code == 204
    with pytest.raises(exceptions.ClientRequestException) as refused:
        dis.show_stream(sdk.ShowStreamRequest(stream_name=STREAM))
    assert refused.value.status_code == 400
    assert refused.value.error_code
