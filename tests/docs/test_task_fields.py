"""The page of the task's fields and the document agree."""

import re
from dataclasses import asdict
from pathlib import Path

from vedette.algorithms.registry import Registry
from vedette.control.services import facts, lasting_facts
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import State
from vedette.model.output import TaskOutput
from vedette.model.schedule import Schedule, Window
from vedette.model.source import InputDatum, InputType, TaskInput, VcnServer
from vedette.model.task import Task, TaskDocument
from vedette.schemas.task_document import TaskInfo
from vedette.schemas.task_info import task_info

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/task-fields.md").read_text()
SERVICE = "c-intrusiondetection-edge"


def _full() -> Task:
    """A task that has something to say in every field."""
    document = TaskDocument(
        name="full",
        service_name=SERVICE,
        service_version="3.0",
        input=TaskInput(InputType.VCN, InputDatum(device_id="1#2"), VcnServer("10.0.0.1", 1, "u", "p")),
        output=TaskOutput(event_center=True),
        config={},
        description="d",
        schedule=Schedule("weekly", "+08:00", (1,), None, ((Window("00:00:00", "01:00:00"),),)),
        is_saved_as_template=False,
        resource_order_id="order",
    )
    return Task(
        id=TaskId("a"),
        project_id=ProjectId("b"),
        creator="c",
        document=document,
        state=State.FAILED,
        created_at=0,
        updated_at=0,
        status="s",
        error_code="VEDETTE.1000",
        error_message="message",
        activated=True,
        video_source_name="yard",
    )


def test_every_field_of_a_task_is_documented_and_no_other() -> None:
    """The page promises what is in the document, and when it is absent."""
    service = facts(Registry.load(), SERVICE, "3.0")
    assert service
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    assert documented == set(task_info(_full(), asdict(service), ("gates",), next_change_at=0))
    assert documented == set(TaskInfo.model_fields)
    assert all(len(row) == 5 and row[2].strip() and row[3].strip() for row in rows)


def test_what_is_never_absent_is_required_in_the_description() -> None:
    """The page and the OpenAPI document say the same of each field."""
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    always = {name for row in rows if row[3].strip() == "never" for name in re.findall(r"`(\w+)`", row[1])}
    assert always == {name for name, field in TaskInfo.model_fields.items() if field.is_required()}
    assert always <= set(task_info(_full(), lasting_facts(Registry.load(), "c-gone-edge", "1.0")))
