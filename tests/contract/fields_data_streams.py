"""The bodies and queries about durable streams."""

import base64
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from bodies import changed
from fields_scene import Kind, Row, Rows, Scene, refusal

EFFECT, LABEL = Kind.EFFECT, Kind.LABEL
STREAM: Final = {"stream_name": "s-1", "partition_count": 1}
RECORD: Final = {"data": "eA==", "partition_key": "k"}
PUT: Final = {"stream_name": "s-1", "records": [RECORD]}
KEY_HASH_TOP: Final = str(2**63 - 1)


def made(scene: Scene, **given: Any) -> None:
    scene.done("POST", f"{scene.client.root}/streams", STREAM | given)


def put(scene: Scene, *records: dict[str, Any], name: str = "s-1") -> Any:
    return scene.done("POST", f"{scene.client.root}/records", {"stream_name": name, "records": list(records)})


def cursor(scene: Scene, query: str) -> str:
    return str(scene.get(f"{scene.client.root}/cursors?{query}")["partition_cursor"])


def fetched(scene: Scene, at: str, query: str = "") -> list[Any]:
    """Read from a cursor; times apart."""
    found = scene.get(f"{scene.client.root}/records?partition-cursor={quote(at)}{query}")["records"]
    return [(one["sequence_number"], one["partition_key"], one["data"]) for one in found]


def whole(scene: Scene, name: str = "s-1") -> dict[str, Any]:
    """Read all partitions of a stream."""
    shown = scene.get(f"{scene.client.root}/streams/{name}")
    parts = [one["partition_id"] for one in shown["partitions"]]
    query = f"stream-name={name}&cursor-type=TRIM_HORIZON&partition-id="
    return {part: fetched(scene, cursor(scene, query + part)) for part in parts}


def _shown(field: str, place: str) -> Callable[[Scene, Any], Any]:
    """Create a stream, and look at a place of its detail."""

    def look(scene: Scene, value: Any) -> Any:
        made(scene, **{field: value})
        [name] = scene.get(f"{scene.client.root}/streams")["stream_names"]
        return scene.get(f"{scene.client.root}/streams/{name}")[place]

    return look


def _sent(path: str) -> Callable[[Scene, Any], Any]:
    """Put a record into a stream of two partitions, of two such streams, and look at both."""

    def look(scene: Scene, value: Any) -> Any:
        for name in ("s-1", "s-2"):
            made(scene, stream_name=name, partition_count=2)
        base = {"stream_name": "s-1", "records": [{"data": "eA=="}]}
        answer = scene.client.call("POST", f"{scene.client.root}/records", changed(base, path, value))
        return refusal(answer) if answer.status != 200 else [whole(scene, name) for name in ("s-1", "s-2")]

    return look


def _stream_id(scene: Scene, right: bool) -> Any:
    made(scene)
    known = scene.get(f"{scene.client.root}/streams/s-1")["stream_id"]
    return scene.client.call(
        "POST", f"{scene.client.root}/records", PUT | {"stream_id": known if right else "0"}
    ).status


def _duration(scene: Scene, hours: int) -> Any:
    made(scene, data_duration=hours)
    return scene.get(f"{scene.client.root}/streams/s-1")["retention_period"]


def rows() -> Rows:
    """Return the rows of the bodies."""
    return {
        "CreateStream:stream_name": Row(EFFECT, _shown("stream_name", "stream_name"), "s-1", "s-2"),
        "CreateStream:partition_count": Row(EFFECT, _shown("partition_count", "partitions"), 1, 2),
        "CreateStream:stream_type": Row(LABEL, _shown("stream_type", "stream_type"), "COMMON", "ADVANCED"),
        "CreateStream:data_type": Row(LABEL, _shown("data_type", "data_type"), "JSON", "CSV"),
        "CreateStream:data_duration": Row(EFFECT, _duration, 24, 72),
        "SendRecords:stream_name": Row(EFFECT, _sent("stream_name"), "s-1", "s-2"),
        "SendRecords:stream_id": Row(EFFECT, _stream_id, True, False),
        "SendRecords:records": Row(EFFECT, _sent("records"), [RECORD], [RECORD, RECORD]),
        "SendRecords:records.data": Row(EFFECT, _sent("records.0.data"), "eA==", "eQ=="),
        "SendRecords:records.partition_id": Row(EFFECT, _sent("records.0.partition_id"), "0", "shardId-0000000001"),
        "SendRecords:records.explicit_hash_key": Row(EFFECT, _sent("records.0.explicit_hash_key"), "0", KEY_HASH_TOP),
        "SendRecords:records.partition_key": Row(EFFECT, _sent("records.0.partition_key"), "k", "l"),
    }


# -- queries


def _three(scene: Scene) -> None:
    """Three records, a second apart, the first of them the largest; and three streams."""
    made(scene, partition_count=2)
    for name in ("s-2", "s-3"):
        made(scene, stream_name=name)
    before = scene.service.clock.now
    for n in range(3):
        data = base64.b64encode(bytes([n]) * (9 - n)).decode()
        put(scene, {"data": data, "partition_id": "0"})
        scene.service.clock.now += 1000
    scene.service.clock.now = before


def _listed(scene: Scene, query: str) -> Any:
    _three(scene)
    return scene.get(f"{scene.client.root}/streams?{query}")["stream_names"]


def _parts(scene: Scene, query: str) -> Any:
    _three(scene)
    return [one["partition_id"] for one in scene.get(f"{scene.client.root}/streams/s-1?{query}")["partitions"]]


def _begun(scene: Scene, query: str) -> Any:
    _three(scene)
    asked = query.replace("{later}", str(scene.service.clock.now + 500)).replace("{now}", str(scene.service.clock.now))
    return fetched(scene, cursor(scene, asked))


def _read(scene: Scene, query: str) -> Any:
    _three(scene)
    first, last = (
        cursor(scene, f"stream-name=s-1&partition-id=0&cursor-type={kind}") for kind in ("TRIM_HORIZON", "LATEST")
    )
    return fetched(scene, last if query == "last" else first, query if query.startswith("&") else "")


HERE: Final = "stream-name=s-1&partition-id=0"


def queries() -> Rows:
    """Return the rows of the queries."""
    at = f"{HERE}&cursor-type=AT_TIMESTAMP&timestamp="
    numbered = f"{HERE}&starting-sequence-number="
    return {
        "ListDataStreams?limit": Row(EFFECT, _listed, "", "limit=2"),
        "ListDataStreams?start_stream_name": Row(EFFECT, _listed, "", "start_stream_name=s-1"),
        "ShowDataStream?start_partitionId": Row(EFFECT, _parts, "", "start_partitionId=0"),
        "ShowDataStream?limit_partitions": Row(EFFECT, _parts, "", "limit_partitions=1"),
        "ShowCursor?stream-name": Row(EFFECT, _begun, f"{numbered}0", f"{numbered}0".replace("s-1", "s-2")),
        "ShowCursor?partition-id": Row(EFFECT, _begun, f"{numbered}0", f"{numbered}0".replace("id=0", "id=1")),
        "ShowCursor?cursor-type": Row(EFFECT, _begun, f"{numbered}0", f"{numbered}0&cursor-type=AFTER_SEQUENCE_NUMBER"),
        "ShowCursor?starting-sequence-number": Row(EFFECT, _begun, f"{numbered}1", f"{numbered}2"),
        "ShowCursor?timestamp": Row(EFFECT, _begun, f"{at}{{now}}", f"{at}{{later}}"),
        "ConsumeRecords?partition-cursor": Row(EFFECT, _read, "", "last"),
        "ConsumeRecords?max_fetch_bytes": Row(EFFECT, _read, "", "&max_fetch_bytes=9"),
    }
