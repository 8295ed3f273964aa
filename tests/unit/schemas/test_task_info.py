"""The answer's document keeps the documented limits, whatever the loops wrote."""

from dataclasses import replace

import pytest

from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput
from vedette.model.source import InputDatum, InputType, TaskInput
from vedette.model.task import Task, TaskDocument
from vedette.schemas.task_info import iso, task_info

TASK = Task(
    id=TaskId("0" * 32),
    project_id=ProjectId("p"),
    creator="anna",
    document=TaskDocument(
        name="gate",
        service_name="s",
        service_version="1.0",
        input=TaskInput(InputType.URL, InputDatum(url="rtsp://u:pw@h.test/a", index=0)),
        output=TaskOutput(event_center=True),
    ),
    state=State.START_FAILED,
    created_at=0,
    updated_at=1_686_034_773_024,
)


def test_times_are_written_as_on_the_page() -> None:
    """The page's own example."""
    assert iso(1_686_034_773_024) == "2023-06-06T06:59:33.024Z"


@pytest.mark.parametrize(
    ("message", "shown"), [("x" * 600, "x" * 512), ("", "Unknown error."), (None, "Unknown error.")]
)
def test_an_error_keeps_its_lengths(message: str | None, shown: str) -> None:
    """2 to 512 characters."""
    info = task_info(replace(TASK, error_code="VEDETTE.1003", error_message=message), {})
    assert info["error"] == {"code": "VEDETTE.1003", "message": shown}


def test_a_status_keeps_its_length_and_names_the_warnings() -> None:
    """4096 characters at most."""
    info = task_info(replace(TASK, status="s" * 4000, warnings=("w" * 200,)), {})
    assert len(info["status"]) == 4096
    assert info["status"].startswith("ssss")
    assert task_info(replace(TASK, status="motion", warnings=("a.", "b.")), {})["status"] == "motion a. b."


def test_no_address_in_status_or_error_tells_its_credentials() -> None:
    """Whoever wrote it may have quoted the source."""
    told = "rtsp://u:pw@h.test/a is away"
    info = task_info(replace(TASK, status=told, error_code="VEDETTE.1001", error_message=told), {})
    assert "pw" not in str(info)


def test_a_task_whose_algorithm_is_gone_can_still_be_shown() -> None:
    """It has to be seen to be deleted."""
    info = task_info(TASK, {})
    assert info["state"] == "START_FAILED"
    assert "title" not in info
