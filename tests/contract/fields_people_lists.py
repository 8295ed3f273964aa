"""The queries of the identity routes' lists."""

from collections.abc import Mapping
from typing import Final

from fields_lists import Listing, row
from fields_login import cast_of
from fields_people import KEYS
from fields_scene import Rows, Scene


def _people(scene: Scene) -> dict[str, str]:
    """A project with an administrator, who is in a second one as well, and two further users, one of them disabled."""
    known = {word.strip("{}"): meant for word, meant in cast_of(scene).items()}
    mine = scene.client.account
    for name, enabled in ((known["new"], True), (known["newer"], False)):
        sent = {"name": name, "enabled": enabled, "default_project_id": mine.project_id}
        scene.done("POST", "/v3/users", {"user": sent})
    closed = scene.done("POST", "/v3/projects", {"project": {"name": f"closed-{mine.project_name}", "enabled": False}})
    where = f"/v3/projects/{closed['project']['id']}/users/{known['a']}/roles/viewer"
    assert scene.client.call("PUT", where).status == 204
    for project in (known["p2"], known["p1"]):  # from now on they see what is theirs alone
        path = f"/v3/projects/{project}/users/{known['a']}/roles/te_admin"
        assert scene.client.call("DELETE", path).status == 204
    return known


USERS = Listing("/v3/users", "users", "name", _people)
PROJECTS = Listing("/v3/projects", "projects", "name", _people)
PROJECT_QUERY: Final = {
    "name": ("", "name={p2name}"),
    "enabled": ("", "enabled=false"),
    "domain_id": ("", "domain_id=elsewhere"),
    "parent_id": ("", "parent_id=elsewhere"),
    "is_domain": ("", "is_domain=true"),
    "page": ("per_page=1", "per_page=1&page=2"),
    "per_page": ("", "per_page=1"),
}
DOMAINS = Listing("/v3/domains", "domains", "name", _people)
LISTS: Final[tuple[tuple[str, Listing, Mapping[str, tuple[str, str]]], ...]] = (
    (
        "KeystoneListUsers",
        USERS,
        {"name": ("", "name={new}"), "enabled": ("", "enabled=false"), "domain_id": ("", "domain_id=elsewhere")},
    ),
    ("KeystoneListProjects", PROJECTS, PROJECT_QUERY),
    ("KeystoneListAuthProjects", PROJECTS._replace(path="/v3/auth/projects"), PROJECT_QUERY),
    ("KeystoneListDomains", DOMAINS, {"name": ("", "name=elsewhere")}),
    ("KeystoneListAuthDomains", DOMAINS._replace(path="/v3/auth/domains"), {"name": ("", "name=elsewhere")}),
    (
        "KeystoneListPermissions",
        Listing("/v3/roles", "roles", "name", _people),
        {"name": ("", "name=viewer"), "domain_id": ("", "domain_id=default")},
    ),
    (
        "KeystoneListRoleAssignments",
        Listing("/v3/role_assignments", "role_assignments", "", _people),
        {
            "user.id": ("", "user.id={b}"),
            "scope.project.id": ("", "scope.project.id={p2}"),
            "role.id": ("", "role.id=viewer"),
            "include_names": ("", "include_names=true"),
        },
    ),
    (
        "ListPermanentAccessKeys",
        Listing(KEYS, "credentials", "access", _people),
        {"user_id": ("", "user_id={b}")},
    ),
)


def rows() -> Rows:
    """Return the rows of the queries about people."""
    return {
        f"{name}?{parameter}": row(listing, *pair)
        for name, listing, asked in LISTS
        for parameter, pair in asked.items()
    }
