"""Projects, managed by somebody: those who mind the installation change them, the others see their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from vedette.auth import rules
from vedette.model.errors import NotFound
from vedette.model.ids import ProjectId, new_hex
from vedette.store import people, projects
from vedette.store.db import Database
from vedette.store.identity import Principal
from vedette.store.projects import ProjectRow


@dataclass(frozen=True, slots=True)
class Projects:
    """Projects, as an actor may manage them.

    Every method raises `NotFound` for what the actor may not see, and `Forbidden` for what they may not do.
    """

    db: Database
    clock: Callable[[], int]
    actor: Principal

    async def listed(self, *, name: str | None = None, enabled: bool | None = None) -> list[ProjectRow]:
        """Return projects: all for those who mind the installation, else one's own.

        By name one's own come first: with several domains in the table, who asks for a name means theirs.
        """
        mine = await self.own(name=name, enabled=enabled)
        if not self.actor.minds_installation or (name is not None and mine):
            return mine
        return await self.db.read(projects.listed, name=name, enabled=enabled)

    async def own(self, *, name: str | None = None, enabled: bool | None = None) -> list[ProjectRow]:
        """Return the projects the actor has a place in."""
        return await self.db.read(_own, self.actor, name, enabled)

    async def project(self, project_id: str) -> ProjectRow:
        """Return a project."""
        return await self.db.read(_seen, self.actor, project_id)

    async def add(self, name: str, domain: str, *, description: str = "", enabled: bool = True) -> ProjectRow:
        """Make a project.

        Raises:
            NameTaken: there is a project of this name.
        """
        rules.need_installation(self.actor)
        made = ProjectRow(ProjectId(new_hex()), name, domain, description, enabled)
        await self.db.write(projects.add, made, at=self.clock())
        return made

    async def change(self, project_id: str, changes: dict[str, Any]) -> ProjectRow:
        """Change name, description or enabled.

        Raises:
            NameTaken: there is a project of this name.
        """
        return await self.db.write(_change, self.actor, project_id, changes)

    async def remove(self, project_id: str) -> None:
        """Remove an empty project with its memberships, tokens and keys.

        Raises:
            IllegalTransition: it is not empty.
        """
        await self.db.write(_remove, self.actor, project_id)


def _own(conn: Connection, actor: Principal, name: str | None, enabled: bool | None) -> list[ProjectRow]:
    ids = {place.project_id for place in people.assignments(conn, user_id=actor.user_id)} | {actor.project_id}
    return projects.listed(conn, ids=sorted(ids), name=name, enabled=enabled)


def _seen(conn: Connection, actor: Principal, project_id: str) -> ProjectRow:
    if not actor.minds_installation and project_id not in {known.id for known in _own(conn, actor, None, None)}:
        raise NotFound(f"There is no project {project_id}.", param="project_id")
    return projects.project(conn, project_id)


def _change(conn: Connection, actor: Principal, project_id: str, changes: dict[str, Any]) -> ProjectRow:
    known = _seen(conn, actor, project_id)
    rules.need_installation(actor)
    if changes:
        minders = people.hold_minders(conn)
        projects.change(conn, known.id, changes)
        people.need_minder(conn, minders)
    return projects.project(conn, project_id)


def _remove(conn: Connection, actor: Principal, project_id: str) -> None:
    known = _seen(conn, actor, project_id)
    rules.need_installation(actor)
    minders = people.hold_minders(conn)
    projects.remove(conn, known.id)
    people.need_minder(conn, minders)
