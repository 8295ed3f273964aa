"""Templates: kept with a task, found again by project, source and name."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from vedette.model.errors import NotFound
from vedette.model.ids import ProjectId
from vedette.model.task import Task
from vedette.model.template import Template
from vedette.store.tables import tasks, templates


def save(conn: Connection, template: Template) -> str:
    """Keep a template; one of the project with the same source and name is overwritten, and keeps its id.

    Call it in the transaction that writes the task of that name: a name has one task, so nobody else saves it meanwhile.

    Returns:
        The id it is kept under; the one it came with is not looked at.
    """
    new = {
        "service_name": template.service_name,
        "config": json.dumps(template.config, ensure_ascii=False),
        "roi": template.roi,
        "modify_at": template.modify_at,
    }
    here = (
        templates.c.project_id == template.project_id,
        templates.c.source_id.is_not_distinct_from(template.source_id),
        templates.c.name == template.name,
    )
    known: str | None = conn.execute(select(templates.c.id).where(*here)).scalar()
    if known is not None:
        conn.execute(update(templates).where(templates.c.id == known).values(new))
        return known
    fresh = str(uuid4())
    first = {
        "id": fresh,
        "project_id": template.project_id,
        "source_id": template.source_id,
        "name": template.name,
        "create_at": template.create_at,
    }
    conn.execute(insert(templates).values(first | new))
    return fresh


def keep(conn: Connection, task: Task, now_ms: int) -> str:
    """Keep the configuration of a task as a template under the task's name, and note that in the task.

    Call it after the task was written, in the same transaction.
    """
    document = task.document
    kept = save(
        conn,
        Template(
            id="",
            project_id=task.project_id,
            source_id=document.input.source_id,
            name=document.name,
            service_name=document.service_name,
            config=document.config or {},
            roi=document.target_roi,
            create_at=now_ms,
            modify_at=now_ms,
        ),
    )
    conn.execute(update(tasks).where(tasks.c.id == task.id).values(template_id=kept))
    return kept


def get(conn: Connection, project_id: ProjectId, template_id: str) -> Template:
    """Return a template of the project.

    Raises:
        NotFound: the project has none with that id.
    """
    found = _select(conn, templates.c.project_id == project_id, templates.c.id == template_id)
    if not found:
        raise NotFound(f"There is no template {template_id}.", param="template_id")
    return found[0]


def of_source(conn: Connection, project_id: ProjectId, source_id: str) -> list[Template]:
    """Return the templates that were saved for a video source, newest first."""
    return _select(conn, templates.c.project_id == project_id, templates.c.source_id == source_id)


def page(
    conn: Connection,
    project_id: ProjectId,
    *,
    source_id: str | None = None,
    service_names: Collection[str] = (),
    offset: int = 0,
    limit: int,
) -> tuple[list[Template], int]:
    """Return some templates of the project, newest first, and how many there are in all."""
    here = [templates.c.project_id == project_id]
    if source_id is not None:
        here.append(templates.c.source_id == source_id)
    if service_names:
        here.append(templates.c.service_name.in_(list(service_names)))
    total = conn.execute(select(func.count()).select_from(templates).where(*here)).scalar_one()
    return _select(conn, *here, offset=offset, limit=limit), total


def remove(conn: Connection, project_id: ProjectId, template_id: str) -> None:
    """Remove a template; tasks that were made with it keep their configuration.

    Raises:
        NotFound: the project has none with that id.
    """
    here = (templates.c.project_id == project_id, templates.c.id == template_id)
    if conn.execute(delete(templates).where(*here)).rowcount != 1:
        raise NotFound(f"There is no template {template_id}.", param="template_id")
    conn.execute(update(tasks).where(tasks.c.template_id == template_id).values(template_id=None))


def _select(conn: Connection, *where: Any, offset: int = 0, limit: int | None = None) -> list[Template]:
    newest_first = (templates.c.create_at.desc(), templates.c.id)
    rows = conn.execute(select(templates).where(*where).order_by(*newest_first).offset(offset).limit(limit))
    found = [_template(row) for row in rows]
    used = select(tasks.c.template_id, func.count().label("n")).where(
        tasks.c.template_id.in_([template.id for template in found])
    )
    counts = {row.template_id: row.n for row in conn.execute(used.group_by(tasks.c.template_id))}
    return [replace(template, num_task=counts.get(template.id, 0)) for template in found]


def _template(row: Row[Any]) -> Template:
    return Template(
        id=row.id,
        project_id=row.project_id,
        source_id=row.source_id,
        name=row.name,
        service_name=row.service_name,
        config=json.loads(row.config),
        roi=row.roi,
        create_at=row.create_at,
        modify_at=row.modify_at,
    )
