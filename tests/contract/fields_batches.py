"""What a batch task looks at: groups, sources and regions, in the create and in the update."""

import json
from typing import Any, Final

import camera_park
from batch_scene import body as batch_body
from bodies import changed
from fields_scene import Kind, Row, Rows, Scene, key_of, refusal

ZONE: Final = '{"polygons": [{"name": "a", "data": [[0, 0], [10, 0], [10, 10]]}]}'
A: Final = {"video_source_group_id": "{A}", "video_source_list": [{"video_source_id": "{north}"}]}
B: Final = {"video_source_group_id": "{B}", "video_source_list": [{"video_source_id": "{north}"}]}
BASE: Final = {"batch_input": {"video_source_group": [A]}}
FIRST: Final = "batch_input.video_source_group.0"
PLACES: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("batch_input", {"video_source_group": [A]}, {"video_source_group": [A, B]}),
    ("batch_input.video_source_group", [A], [A, B]),
    (f"{FIRST}.video_source_group_id", "{A}", "{C}"),
    (f"{FIRST}.video_source_list", [{"video_source_id": "{north}"}], []),
    (f"{FIRST}.video_source_list.0.video_source_id", "{north}", "{south}"),
    (f"{FIRST}.video_source_list.0.target_roi", None, ZONE),
)


def _ground(scene: Scene) -> dict[str, str]:
    """Make two groups of the same two sources, and a third that has only one of them; return all ids by name."""
    ids = {name: camera_park.source(scene.client, name) for name in ("north", "south")}
    both = [ids["north"], ids["south"]]
    for name, inside in (("A", both), ("B", both), ("C", both[1:])):
        ids[name] = camera_park.group(scene.client, name, video_source_ids=inside)
    return ids


def _children(scene: Scene) -> Any:
    """Look at the children: name, source, groups and configuration of each."""
    listed = scene.get(f"{scene.client.root}/tasks?sort_dir=asc&task_state=PENDING")["tasks"]
    shown = [scene.client.show(one["id"]) for one in listed]
    return sorted((one["name"], one["video_source_name"], one["group_name"], str(one.get("config"))) for one in shown)


def _row(path: str, one: Any, other: Any, *, update: bool) -> Row:
    def look(scene: Scene, value: Any) -> Any:
        text = json.dumps(changed(BASE, path, value))
        for name, known in _ground(scene).items():
            text = text.replace(f"{{{name}}}", known)
            if name == "C":
                ids = known
        method, where, sent = "POST", f"{scene.client.root}/batch-tasks", batch_body() | json.loads(text)
        if update:
            before = batch_body({"video_source_group_id": ids})
            where += "/" + scene.done("POST", where, before)["id"]
            method, sent = "PUT", json.loads(text)
        answer = scene.client.call(method, where, sent)
        if answer.status != 200:
            return refusal(answer)
        return [answer.json[name] for name in ("total_count", "succeed_count", "failed_count")], _children(scene)

    return Row(Kind.EFFECT, look, one, other)


def rows() -> Rows:
    """Return the rows of both operations."""
    return {
        f"{name}:{key_of(path)}": _row(path, one, other, update=name == "UpdateBatchTask")
        for name in ("CreateBatchTask", "UpdateBatchTask")
        for path, one, other in PLACES
    }
