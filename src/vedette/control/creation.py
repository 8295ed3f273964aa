"""New tasks: made of their documents, perhaps on a template, and written all or none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry
from vedette.control import task_rules
from vedette.control.services import check_models
from vedette.model.errors import InvalidParameter, NotFound, NotReferable
from vedette.model.ids import ProjectId, TaskId, new_hex
from vedette.model.lifecycle import State
from vedette.model.quota import Quotas, Resource
from vedette.model.schedule import Schedule
from vedette.model.task import Task, TaskDocument
from vedette.store import freezing, quotas, tasks, templates
from vedette.store.identity import Principal
from vedette.store.vault import Vault


def drafts(
    conn: Connection,
    registry: Registry,
    principal: Principal,
    documents: Sequence[TaskDocument],
    template_id: str | None,
    now: int,
) -> list[Task]:
    """Return new tasks of these documents, checked against everything, not written yet.

    Args:
        conn: of the transaction that will write them.
        registry: the published services.
        principal: who creates them.
        documents: of one service and one configuration.
        template_id: a template whose parameters hold where the documents have none of their own.
        now: milliseconds since the epoch.

    Raises:
        Frozen: the project is frozen.
        NotReferable: service, version, template, order or video source do not exist, or the service lacks a model.
        InvalidParameter: the document does not fit its service, its source, its order or its template.
    """
    project_id = principal.project_id
    freezing.check_project(conn, project_id)
    if template_id is not None:
        documents = [_with_template(conn, project_id, document, template_id) for document in documents]
    warnings = task_rules.check_service(registry, documents[0])
    check_models(registry, documents[0].service_name, documents[0].service_version)
    return [
        Task(
            id=TaskId(new_hex()),
            project_id=project_id,
            creator=principal.user_name,
            document=document,
            state=State.PENDING,
            created_at=now,
            updated_at=now,
            input_name=task_rules.input_name(document.input),
            template_id=template_id,
            warnings=warnings + task_rules.check_references(conn, registry, project_id, document, now),
            **activated(document.schedule, now),
        )
        for document in documents
    ]


def write(conn: Connection, vault: Vault, new: Sequence[Task], usual: Quotas) -> None:
    """Write new tasks of one project, and the templates they are to be saved as.

    Raises:
        TaskNameTaken: a task of the project has a name.
        TaskQuotaReached: the project would have too many tasks.
    """
    for task in sorted(new, key=lambda one: one.document.name):  # so that two who want the same names never cross
        tasks.insert(conn, vault, task, actor=task.creator)
        if task.document.is_saved_as_template:
            templates.keep(conn, task, task.created_at)
    quotas.take(conn, new[0].project_id, Resource.TASKS, len(new), usual)


def activated(schedule: Schedule | None, now: int) -> dict[str, Any]:
    """Return the columns of an activated timetable; a closed one is due at once, and the scheduler closes."""
    if schedule is None:
        return {}
    return {"activated": True, "next_due_at": schedule.next_change(now) if schedule.is_open(now) else now}


def _with_template(conn: Connection, project_id: ProjectId, document: TaskDocument, template_id: str) -> TaskDocument:
    """Return a document whose parameters are those of the template, and its own in their place where it has any."""
    try:
        template = templates.get(conn, project_id, template_id)
    except NotFound:
        raise NotReferable(f"There is no template {template_id}.", param="template_id") from None
    if template.service_name != document.service_name:
        raise InvalidParameter(
            f"The template {template_id} is for the service {template.service_name}.", param="template_id"
        )
    roi = {} if template.roi is None else {task_rules.ROI: template.roi}
    return replace(document, config=template.config | roi | (document.config or {}))
