"""Who may manage whom. What somebody may not even see is not found, as if it were not there."""

from typing import Final

from sqlalchemy import Connection

from vedette.model.errors import Forbidden, NotFound
from vedette.model.ids import ProjectId, UserId
from vedette.store import identity, people
from vedette.store.identity import INSTALLATION, RANK, Principal
from vedette.store.people import UserRow

OPERATOR: Final = Principal(UserId(""), "operator", "", ProjectId(""), "", "", (INSTALLATION,))
"""Whoever has a shell on the machine: they mind the installation, in no project."""


def need_installation(actor: Principal) -> None:
    """Check that the actor minds the installation.

    Raises:
        Forbidden: they do not.
    """
    if not actor.minds_installation:
        raise Forbidden(f"This needs the role {INSTALLATION}.")


def need_project(actor: Principal) -> None:
    """Check that the actor minds a project at least.

    Raises:
        Forbidden: they do not.
    """
    if not actor.minds_project:
        raise Forbidden("This needs the role admin in the project.")


def known_role(role: str) -> str:
    """Return a role.

    Raises:
        NotFound: there is no such role.
    """
    if role not in RANK:
        raise NotFound(f"There is no role {role}.", param="role_id")
    return role


def seen(conn: Connection, actor: Principal, user_id: str) -> UserRow:
    """Return a user whom the actor may see: themselves, a member of the project they mind, or anybody.

    Raises:
        NotFound: there is none such.
    """
    known = people.user(conn, user_id)
    if actor.minds_installation or actor.user_id == user_id:
        return known
    if actor.minds_project and people.roles(conn, user_id, actor.project_id):
        return known
    raise NotFound(f"There is no user {user_id}.", param="user_id")


def managed(conn: Connection, actor: Principal, user_id: str) -> UserRow:
    """Return a user whom the actor may change, and hold them until the transaction ends.

    An administrator of a project may change whoever has places in this project alone, and no higher role: else
    they would reach into other projects, or above themselves.

    Raises:
        NotFound: the actor may not see them.
        Forbidden: they may not change them.
    """
    seen(conn, actor, user_id)
    known = people.hold(conn, user_id)
    if actor.minds_installation:
        return known
    need_project(actor)
    for place in people.assignments(conn, user_id=user_id):
        if place.project_id != actor.project_id or identity.rank(place.roles) > identity.rank(actor.roles):
            raise Forbidden(
                "The user belongs to other projects too, or has a higher role: an administrator must do it."
            )
    return known


def need_grant(actor: Principal, project_id: str, role: str) -> None:
    """Check that the actor may give and take a role in a project.

    Raises:
        NotFound: they may not see the project, or there is no such role.
        Forbidden: the role is above their own.
    """
    known_role(role)
    if not actor.minds_installation and project_id != actor.project_id:
        raise NotFound(f"There is no project {project_id}.", param="project_id")
    need_project(actor)
    if RANK[role] > identity.rank(actor.roles):
        raise Forbidden("Nobody can give or take a role above their own.")
