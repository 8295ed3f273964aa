"""How users, projects, roles and keys look to the clients of an identity service."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request

from vedette.auth.authenticator import DOMAIN
from vedette.model.errors import NotFound
from vedette.schemas.people import DOMAIN_ID
from vedette.schemas.token_info import time_text
from vedette.store.access_keys import KeyRow
from vedette.store.identity import ROLES
from vedette.store.people import Membership, UserRow
from vedette.store.projects import ProjectRow

MEANINGS: Final = {
    "te_admin": "Minds the installation: every project and user.",
    "admin": "Minds a project: its members, their roles and keys.",
    "operator": "Changes what a project has.",
    "viewer": "Reads what a project has.",
}


def base(request: Request) -> str:
    """Return the service's address as the client wrote it, without a slash at its end."""
    return str(request.base_url).rstrip("/")


def listing(request: Request, name: str, found: Sequence[Any]) -> dict[str, Any]:
    """Return a list in Keystone's shape."""
    links = {"self": f"{base(request)}{request.url.path}", "next": None, "previous": None}
    return {name: list(found), "links": links}


def user_info(request: Request, user: UserRow) -> dict[str, Any]:
    """Return a user."""
    return {
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain.lower(),
        "description": user.description,
        "enabled": user.enabled,
        "password_expires_at": None,
        "links": {"self": f"{base(request)}/v3/users/{user.id}"},
    }


def project_info(request: Request, project: ProjectRow) -> dict[str, Any]:
    """Return a project."""
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain.lower(),
        "parent_id": project.domain.lower(),
        "is_domain": False,
        "description": project.description,
        "enabled": project.enabled,
        "links": {"self": f"{base(request)}/v3/projects/{project.id}"},
    }


def domain_info(request: Request) -> dict[str, Any]:
    """Return the one domain."""
    return {
        "id": DOMAIN_ID,
        "name": DOMAIN,
        "enabled": True,
        "description": "Everybody here.",
        "links": {"self": f"{base(request)}/v3/domains/{DOMAIN_ID}"},
    }


def role_info(request: Request, role: str) -> dict[str, Any]:
    """Return a role.

    Raises:
        NotFound: there is none of this name.
    """
    if role not in ROLES:
        raise NotFound(f"There is no role {role}.", param="role_id")
    links = {"self": f"{base(request)}/v3/roles/{role}"}
    return {"id": role, "name": role, "domain_id": None, "description": MEANINGS[role], "links": links}


def assignment_info(request: Request, place: Membership, role: str, *, names: bool) -> dict[str, Any]:
    """Return a role that a user holds in a project."""
    user: dict[str, Any] = {"id": place.user_id}
    project: dict[str, Any] = {"id": place.project_id}
    held = {"id": role}
    if names:
        domain = {"id": DOMAIN_ID, "name": DOMAIN}
        user |= {"name": place.user_name, "domain": domain}
        project |= {"name": place.project_name, "domain": domain}
        held |= {"name": role}
    where = f"{base(request)}/v3/projects/{place.project_id}/users/{place.user_id}/roles/{role}"
    return {"role": held, "user": user, "scope": {"project": project}, "links": {"assignment": where}}


def key_info(key: KeyRow, secret: str | None = None) -> dict[str, Any]:
    """Return an access key, with its secret if it was just made."""
    shown = {
        "access": key.access_key,
        "user_id": key.user_id,
        "project_id": key.project_id,
        "status": "active" if key.enabled else "inactive",
        "create_time": time_text(key.created_at),
        "description": key.description,
    }
    return shown if secret is None else shown | {"secret": secret}
