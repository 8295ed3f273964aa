"""A window opens and closes: the task runs in between, and says when it runs again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from e2e.service import Service, free_port, until


def scheduled(service: Service, name: str, begin: datetime, end: datetime) -> str:
    """Create a task that runs between two moments of today, in UTC."""
    window = {"begin_at": begin.strftime("%H:%M:%S"), "end_at": end.strftime("%H:%M:%S")}
    body: dict[str, Any] = {
        "name": name,
        "schedule": {
            "type": "weekly",
            "timezone": "+00:00",
            "days_of_week": [begin.isoweekday()],
            "periods": [[window]],
        },
        "input": {"type": "url", "data": [{"url": f"rtsp://127.0.0.1:{free_port()}/live"}]},
        "output": {"event_center": True},
        "service_version": "3.0",
    }
    answer = service.call("POST", "/v2/{p}/services/c-intrusiondetection-cloud/tasks", body)
    return str(answer["tasks"][0]["id"])


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_a_window_opens_and_closes(service: Service) -> None:
    """Nobody calls start or stop; the camera is away, so the running task is ABNORMAL."""
    if soon(60).date() != soon(0).date():  # near midnight a window of today would end tomorrow
        until(lambda: soon(0).date() == soon(60).date(), 90, "the new day")
    task = scheduled(service, "window", soon(3), soon(9))
    service.wait_for(task, "STOPPED", seconds=2.5)
    waiting = service.task(task)
    assert waiting["schedule_status"] == "ACTIVATED"
    assert "starts again" in waiting["status"]
    service.wait_for(task, "ABNORMAL", seconds=8)
    service.wait_for(task, "STOPPED", seconds=10)
    moves = service.call("GET", f"/vedette/v1/{{p}}/tasks/{task}/history")["moves"]
    assert {move["actor"] for move in moves if move["to"] in ("PENDING", "STOPPING")} == {"tester", "timetable"}


def test_stop_ends_the_timetable_and_start_brings_it_back(service: Service) -> None:
    task = scheduled(
        service, "always", datetime(2026, 11, 23, 0, 0, tzinfo=UTC), datetime(2026, 11, 23, 0, 0, 5, tzinfo=UTC)
    )
    service.call("PUT", f"/v2/{{p}}/tasks/{task}/action/stop")
    service.wait_for(task, "STOPPED")
    assert service.task(task)["schedule_status"] == "INACTIVATED"
    service.call("PUT", f"/v2/{{p}}/tasks/{task}/action/start")
    service.wait_for(task, "STOPPED")
    assert service.task(task)["schedule_status"] == "ACTIVATED"
