"""A batch task whose service is killed while its children are made: the next start makes the rest."""

import contextlib
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import urllib3

from e2e.service import Service, running, until

SOURCES = 100
GROUPS = 20
MANY = SOURCES * GROUPS


def batch(service: Service) -> dict[str, Any]:
    """Return a batch over twenty groups of the same sources; its timetable is closed today and tomorrow."""
    cameras = []
    for n in range(SOURCES):
        source = {
            "video_source_name": f"camera {n}",
            "access_type": "cloud",
            "type": "url",
            "type_config": "<type>URL</type><config><URL_ADDRESS>rtsp://127.0.0.1:9/live</URL_ADDRESS></config>",
        }
        cameras.append(service.call("POST", "/v2/{p}/source", source)["video_source_id"])
    groups = [
        service.call(
            "POST",
            "/v2/{p}/video-group",
            {"video_group_name": f"group-{n}", "access_type": "cloud", "video_source_ids": cameras},
        )["video_group_id"]
        for n in range(GROUPS)
    ]
    return {
        "name": "gates",
        "batch_input": {"video_source_group": [{"video_source_group_id": group} for group in groups]},
        "output": {"event_center": True},
        "service_name": "c-intrusiondetection-cloud",
        "service_version": "3.0",
        "schedule": {
            "type": "weekly",
            "timezone": "+00:00",
            "days_of_week": [(datetime.now(UTC).isoweekday() + 2) % 7 + 1],
            "periods": [[{"begin_at": "10:00:00", "end_at": "11:00:00"}]],
        },
    }


def children(service: Service) -> int:
    """Return how many children the one batch has, 0 while there is none."""
    listed = service.call("GET", "/v2/{p}/batch-tasks")["batch_task_list"]
    return sum(one["num_task"] for one in listed)


def stored(service: Service) -> int:
    """Return how many children are in the database of a service that does not run."""
    with contextlib.closing(sqlite3.connect(service.folder / "vedette.db")) as database:
        return int(database.execute("SELECT count(*) FROM tasks WHERE batch_id IS NOT NULL").fetchone()[0])


def test_a_killed_service_makes_the_other_children_at_its_next_start(tmp_path: Path) -> None:
    """None is missing, none is there twice, and the batch can be deleted as any other."""
    with running(tmp_path / "service") as service:
        sent = batch(service)

        def create() -> None:
            with contextlib.suppress(urllib3.exceptions.HTTPError):  # nobody answers any more
                service.call("POST", "/v2/{p}/batch-tasks", sent)

        making = threading.Thread(target=create)
        making.start()
        until(lambda: children(service), 20, "the first children")
        service.kill()
        making.join()
        assert 0 < stored(service) < MANY, "it was not killed half-way"
        service.start()
        until(lambda: children(service) == MANY, 60, "the last child")
        [listed] = service.call("GET", "/v2/{p}/batch-tasks")["batch_task_list"]
        assert listed["batch_task_name"] == "gates"
        deleted = service.call("DELETE", f"/v2/{{p}}/batch-tasks/{listed['id']}")
        assert (deleted["total_count"], deleted["failed_count"]) == (MANY, 0)
        until(lambda: not service.call("GET", "/v2/{p}/tasks")["tasks"], 60, "the last task's end")
