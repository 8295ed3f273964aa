"""The fields of a task's document, in every operation that takes one: the same row for the same words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import camera_park
from bodies import INPUTS, REMOVE, TASK, VCN_DEVICE
from fields_looks import (
    BATCH_CREATE,
    BATCH_UPDATE,
    CREATES,
    HOOK,
    OLD_CREATES,
    OLD_UPDATE,
    UPDATE,
    Carrier,
    Look,
    appended,
    detail,
    fate,
    in_event_center,
    looking,
    received,
    shelved,
    templates,
)
from fields_scene import Kind, Row, Rows, Scene, key_of
from service import CLOUD

EFFECT, LABEL, UNSERVED = Kind.EFFECT, Kind.LABEL, Kind.UNSERVED
INTERVAL: Final = {"common": {"alert_detection_interval": 7}}
OTHER_INTERVAL: Final = {"common": {"alert_detection_interval": 9}}


@dataclass(frozen=True)
class Field:
    """A field of the document, wherever it is sent.

    Attributes:
        around: what else the body must hold for the field to mean something.
    """

    path: str
    kind: Kind
    look: Look
    one: Any
    other: Any
    around: Mapping[str, Any] = field(default_factory=dict)

    def row(self, carrier: Carrier) -> Row:
        return Row(self.kind, looking(carrier, self.path, self.look, self.around), self.one, self.other)


def rows_of(carrier: Carrier, fields: Iterable[Field]) -> Rows:
    return {f"{carrier.name}:{key_of(one.path)}": one.row(carrier) for one in fields}


# -- timetables: now is Tuesday, 08:00 UTC

NOON: Final = [{"begin_at": "12:00:00", "end_at": "13:00:00"}]
NOW: Final = [{"begin_at": "07:00:00", "end_at": "09:00:00"}]


def timetable(name: str, windows: Any, now: Any, at: str) -> list[Field]:
    """Return the fields of `schedule` or `timing`; a window that is closed says when it opens next.

    Args:
        windows: `periods` with noon in it.
        now: `periods` that are open.
        at: where in `periods` the first window stands.
    """
    noon = {name: {"type": "weekly", "timezone": "+00:00", "days_of_week": [2], "periods": windows}}
    return [
        Field(name, EFFECT, fate, REMOVE, noon[name], noon),
        Field(f"{name}.type", EFFECT, fate, "weekly", "monthly", noon),
        Field(f"{name}.timezone", EFFECT, fate, "+00:00", "+01:00", noon),
        Field(f"{name}.days_of_week", EFFECT, fate, [2], [3], noon),
        Field(f"{name}.periods", EFFECT, fate, windows, now, noon),
        Field(f"{name}.periods.{at}.begin_at", EFFECT, fate, "12:00:00", "12:30:00", noon),
        Field(
            f"{name}.periods.{at}.end_at", EFFECT, fate, "07:30:00", "09:00:00", {name: noon[name] | {"periods": now}}
        ),
    ]


SCHEDULE: Final = [
    *timetable("schedule", [NOON], [NOW], "0.0"),
    Field(
        "schedule.days_of_month", EFFECT, fate, None, [1],
        {"schedule": {"type": "weekly", "timezone": "+00:00", "days_of_week": [2], "periods": [NOON]}},
    ),  # the status says that it has no effect
    Field(
        "schedule.zone", EFFECT, fate, "Europe/Berlin", "Africa/Lagos",
        {"schedule": {"type": "weekly", "timezone": "+01:00", "days_of_week": [2], "periods": [NOON]}},
    ),
    Field(
        "schedule.skip_dates", EFFECT, fate, None, ["2024-04-23"],
        {"schedule": {"type": "weekly", "timezone": "+00:00", "days_of_week": [2], "periods": [NOON]}},
    ),
]  # fmt: skip
TIMING: Final = timetable("timing", NOON, NOW, "0")

# -- inputs


def given(kind: str) -> dict[str, Any]:
    return {"input": INPUTS[kind]}


def opened(kind: str, *named: tuple[str, Any, Any]) -> list[Field]:
    """Return the fields of an input that say what a worker is to open."""
    return [Field(f"input.{path}", EFFECT, _fate_with_store, one, other, given(kind)) for path, one, other in named]


def _fate_with_store(scene: Scene, task_id: str) -> Any:
    """Let the loops go in a project that has an object store."""
    store = {"name": "rest", "kind": "s3", "endpoint": "http://127.0.0.1:9"}
    scene.done("POST", f"{scene.ours}/object-stores", store)
    return fate(scene, task_id)


INPUT: Final = [
    Field("input", EFFECT, fate, TASK["input"], INPUTS["obs"]),
    Field("input.type", EFFECT, fate, "url", "restful", given("url")),
    Field("input.data", EFFECT, fate, [{"url": "rtsp://a.test/1"}], [{"url": "rtsp://b.test/1"}], given("url")),
    Field("input.data.0.stream_name", EFFECT, fate, REMOVE, "gate", {"input": {"type": "url", "data": [{"url": "rtsp://a.test/1", "stream_name": ""}]}}),
    Field("input.data.0.url", EFFECT, fate, "rtsp://a.test/1", "http://a.test/1", given("url")),
    *opened(
        "obs", ("data.0.bucket", "aicam", "other-bucket"), ("data.0.path", "a/one.mp4", "a/two.mp4"),
    ),
    *opened(
        "restful", ("data.0.certificate_check", True, False), ("data.0.rtsp_path_in_response", "data/url", "data/other"),
    ),
    Field("input.data.0.headers", EFFECT, fate, {"A": "a"}, {"A": "b"}, given("restful")),
    *opened(
        "vcn", ("data.0.device_id", VCN_DEVICE, "3" + VCN_DEVICE[1:]), ("data.0.stream_type", 1, 2),
        ("vcn.ip", "10.1.2.3", "10.1.2.4"), ("vcn.port", 18531, 18532), ("vcn.username", "u", "v"),
    ),
    Field("input.vcn", EFFECT, fate, INPUTS["vcn"]["vcn"], REMOVE, given("vcn")),
    Field("input.vcn.password", EFFECT, fate, "one", "two", given("vcn")),
    Field("input.data.0.id", EFFECT, fate, "camera-1", "camera-2", given("edgecamera")),
]  # fmt: skip
INDEX: Final = Field(
    "input.data.0.index", EFFECT, detail("name"), 7, 8,
    {"input": {"type": "url", "data": [{"url": "rtsp://a.test/1", "index": 0}, {"url": "rtsp://a.test/2", "index": 1}]}},
)  # fmt: skip
ONE_INDEX: Final = Field("input.data.0.index", LABEL, detail("input.data.0.index"), 0, 7, given("url"))
"""With a single entry it names nothing."""

# -- outputs


def stored_for_later(name: str, whole: dict[str, Any], *named: tuple[str, Any, Any]) -> list[Field]:
    """Return the fields of an output that is kept for later: with it the task fails at its start, and says so."""
    around = {"output": {name: whole, "event_center": True}}
    inner = [
        Field(f"output.{name}.{key}", UNSERVED, detail(f"output.{name}.{key}"), one, other, around)
        for key, one, other in named
    ]
    return [Field(f"output.{name}", EFFECT, fate, REMOVE, whole, around), *inner]


CATEGORIES: Final = ("data_category", ["FaceImage"], ["OriginImage"])
TO_OBS: Final = {
    "output": {"obs": {"bucket": "results-1", "path": "gate/one", "data_category": []}, "event_center": True}
}
TO_HOOK: Final = {"output": {"webhook": HOOK["webhook"] | {"data_category": []}, "event_center": True}}
TO_DIS: Final = {"output": {"dis": {"stream_name": "s-1", "data_category": []}, "event_center": True}}
OUTPUT: Final = [
    Field("output", EFFECT, received, HOOK, {"webhook": HOOK["webhook"] | {"url": "{hook}/two"}}),
    Field("output.webhook", EFFECT, received, HOOK["webhook"], REMOVE, TO_HOOK),
    Field("output.webhook.url", EFFECT, received, "{hook}/one", "{hook}/two", TO_HOOK),
    Field("output.webhook.headers", EFFECT, received, {"X-Key": "k"}, {"X-Key": "l"}, TO_HOOK),
    Field("output.webhook.data_category", EFFECT, fate, [], ["FaceImage"], TO_HOOK),  # the status: there are none
    Field("output.event_center", EFFECT, in_event_center, False, True, TO_HOOK),
    Field("output.obs", EFFECT, shelved, REMOVE, TO_OBS["output"]["obs"], TO_OBS),
    Field("output.obs.bucket", EFFECT, shelved, "results-1", "results-2", TO_OBS),
    Field("output.obs.path", EFFECT, shelved, "a", "b/c", TO_OBS),
    Field("output.obs.data_category", EFFECT, fate, [], ["FaceImage"], TO_OBS),  # the status: there are none
    Field("output.dis", EFFECT, appended, REMOVE, TO_DIS["output"]["dis"], TO_DIS),
    Field("output.dis.stream_name", EFFECT, appended, "s-1", "s-2", TO_DIS),
    Field("output.dis.data_category", EFFECT, fate, [], ["FaceImage"], TO_DIS),  # the status: it has no effect
]
OLD_OUTPUT: Final = [
    *stored_for_later("hosting", {"data_category": []}, CATEGORIES),
    *stored_for_later(
        "localpath", {"mount_source_path": "/data/a", "data_category": []}, ("mount_source_path", "/data/a", "/data/b"), CATEGORIES,
    ),
]  # fmt: skip

# -- the rest

NAME: Final = Field("name", LABEL, detail("name"), "gate-1", "gate-2")
DESCRIPTION: Final = Field("description", LABEL, detail("description"), REMOVE, "north gate", {"description": ""})
CONFIG: Final = [
    Field("config", EFFECT, fate, REMOVE, INTERVAL, {"config": {}}),
    Field("config.common", EFFECT, fate, INTERVAL["common"], OTHER_INTERVAL["common"], {"config": {}}),
]
OLD_CONFIG: Final = [
    Field("service_config", EFFECT, fate, {"common": {}}, INTERVAL),
    Field("service_config.common", EFFECT, fate, INTERVAL["common"], OTHER_INTERVAL["common"], {"service_config": {}}),
]
VERSION: Final = Field("service_version", EFFECT, fate, "3.0", "1.0")
SERVICE: Final = Field("service_name", EFFECT, fate, CLOUD, "c-counting-0-cloud")
SAVED: Final = Field("is_saved_as_template", EFFECT, templates, False, True, {"config": INTERVAL})
POOL: Final = Field("edge_pool_id", LABEL, fate, REMOVE, "b" * 32, {"edge_pool_id": ""})
"""The status says that it has no effect."""
FIXED: Final = [
    Field("service_version", EFFECT, fate, "3.0", "1.0"),
    Field("edge_pool_id", EFFECT, fate, "a" * 32, "b" * 32),
    Field("resource_order_id", EFFECT, fate, "order-0", "order-1"),
]
"""What an update in the older dialect may name, and refuses to change."""


def source_row(carrier: Carrier) -> Rows:
    """The source that is looked at is the one that is opened."""

    def look(scene: Scene, name: str) -> Any:
        for number, other in enumerate(("north", "south")):
            camera_park.source(scene.client, other, type_config=camera_park.address(f"rtsp://10.0.0.{number}/main"))
        listed = scene.get(f"{scene.client.root}/source/sources")["video_source_list"]
        ids = {one["video_source_name"]: one["video_source_id"] for one in listed}
        path = "input.data.0.video_source_id"
        return looking(carrier, path, fate, given("video_source"))(scene, ids[name])

    return {f"{carrier.name}:input.data.video_source_id": Row(EFFECT, look, "north", "south")}


def order_row(carrier: Carrier) -> Rows:
    """Under an order of one stream that another task has, a task waits."""

    def look(scene: Scene, value: Any) -> Any:
        scene.done("POST", f"{scene.ours}/resource-orders", {"id": "order-1", "stream_quota": 1})
        scene.client.created(TASK | {"name": "first", "resource_order_id": "order-1"})
        scene.service.clock.now += 1000
        return looking(carrier, "resource_order_id", fate, {"resource_order_id": None})(scene, value)

    return {f"{carrier.name}:resource_order_id": Row(EFFECT, look, REMOVE, "order-1")}


def priority_row(carrier: Carrier) -> Rows:
    """An order has one stream, and a task of middle priority waits for it since earlier: ours comes before it or after."""

    def look(scene: Scene, value: Any) -> Any:
        scene.done("POST", f"{scene.ours}/resource-orders", {"id": "order-1", "stream_quota": 1})
        scene.client.created(TASK | {"name": "rival", "resource_order_id": "order-1", "priority": "middle"})
        scene.service.clock.now += 1000
        return looking(carrier, "priority", fate, {"resource_order_id": "order-1"})(scene, value)

    return {f"{carrier.name}:priority": Row(EFFECT, look, "low", "high")}


def template_row(carrier: Carrier) -> Rows:
    """Its parameters hold where the task has none of its own."""

    def look(scene: Scene, wanted: bool) -> Any:
        scene.client.created(TASK | {"name": "kept", "is_saved_as_template": True, "config": INTERVAL})
        [kept_one] = scene.get(f"{scene.ours}/templates")["templates"]
        value = kept_one["template_id"] if wanted else None
        return looking(carrier, "template_id", fate, {})(scene, value)

    return {f"{carrier.name}:template_id": Row(EFFECT, look, False, True)}


def rows() -> Rows:
    """Return the rows of all operations that take the document of a task."""
    found: Rows = {}
    for carrier in CREATES:
        found |= rows_of(carrier, [NAME, DESCRIPTION, *SCHEDULE, *INPUT, INDEX, *OUTPUT, *CONFIG, VERSION, SAVED])
        found |= source_row(carrier) | order_row(carrier) | priority_row(carrier) | template_row(carrier)
    for carrier in OLD_CREATES:
        found |= rows_of(carrier, [*TIMING, *OLD_OUTPUT, *OLD_CONFIG, POOL])
    found |= rows_of(UPDATE, [NAME, DESCRIPTION, *SCHEDULE, *INPUT, ONE_INDEX, *OUTPUT, *CONFIG, SAVED])
    found |= source_row(UPDATE) | order_row(UPDATE) | priority_row(UPDATE)
    old = [NAME, DESCRIPTION, *TIMING, *INPUT, ONE_INDEX, *OUTPUT, *OLD_OUTPUT, *OLD_CONFIG, *FIXED]
    found |= rows_of(OLD_UPDATE, old) | source_row(OLD_UPDATE)
    for carrier in (BATCH_CREATE, BATCH_UPDATE):
        found |= rows_of(carrier, [NAME, DESCRIPTION, *SCHEDULE, *OUTPUT, *CONFIG, SAVED])
        found |= order_row(carrier) | priority_row(carrier)
    return found | rows_of(BATCH_CREATE, [VERSION, SERVICE])
