"""Users, projects, roles and keys over REST: who may manage whom, and what is refused at once."""

from typing import Any

import pytest
from service import Answer, Client, Service

from vedette.auth import first_start
from vedette.auth.first_start import Account

KEYS = "/v3.0/OS-CREDENTIAL/credentials"
PASSWORD = "correct horse battery"


class Cast:
    """A project with an administrator, and whoever else is wanted; no test shares one."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.root = service.client(roles=("te_admin",))
        self.boss = service.client(roles=("admin",))
        self.stranger = service.client(roles=("admin",))

    def member(self, role: str, project: Client | None = None) -> Client:
        where = (project or self.boss).account
        self.service.counter += 1
        account = Account(
            project_id=where.project_id,
            project_name=where.project_name,
            user_name=f"{role}-{self.service.counter}",
            password=PASSWORD,
            roles=(role,),
        )
        self.service.run(first_start.store(self.service.db, self.service.vault, account, self.service.clock))
        return Client(self.service.base, account)


@pytest.fixture
def cast(service: Service) -> Cast:
    """An installation's and a project's administrator, and one of another project."""
    return Cast(service)


def own_id(client: Client) -> str:
    shown = client.call("GET", "/v3/auth/tokens", X_Subject_Token=client.account.token).json
    return str(shown["token"]["user"]["id"])


def made(client: Client, name: str, **more: Any) -> Answer:
    return client.call("POST", "/v3/users", {"user": {"name": name, "password": PASSWORD, **more}})


def logged_in(client: Client, user_id: str, password: str, project_id: str | None = None) -> Answer:
    auth: dict[str, Any] = {
        "identity": {"methods": ["password"], "password": {"user": {"id": user_id, "password": password}}}
    }
    if project_id is not None:
        auth["scope"] = {"project": {"id": project_id}}
    return client.call("POST", "/v3/auth/tokens", {"auth": auth}, X_Auth_Token="")


def role_path(project: Client, user_id: str, role: str) -> str:
    return f"/v3/projects/{project.account.project_id}/users/{user_id}/roles/{role}"


def works(client: Client, token: str, project: Client) -> bool:
    return client.call("GET", f"{project.root}/tasks", X_Auth_Token=token).status == 200


def test_an_administrator_makes_members_of_their_own_project(cast: Cast) -> None:
    """As viewers, until they are given more; in no other project."""
    answer = made(cast.boss, "guard-1", description="night")
    assert answer.status == 201, answer.text
    user = answer.json["user"]
    assert (user["description"], user["enabled"], user["domain_id"]) == ("night", True, "default")
    token = logged_in(cast.boss, user["id"], PASSWORD)
    assert [role["name"] for role in token.json["token"]["roles"]] == ["viewer"]
    assert token.json["token"]["project"]["id"] == cast.boss.account.project_id
    elsewhere = made(cast.boss, "guard-2", default_project_id=cast.stranger.account.project_id)
    assert (elsewhere.status, elsewhere.json["error"]["code"]) == (404, 404)
    assert cast.boss.call("GET", "/v3/users?name=guard-2").json["users"] == []


def test_a_te_admin_makes_users_without_a_place_or_in_any(cast: Cast) -> None:
    """As Keystone does; without a role nobody gets a token."""
    loose = made(cast.root, "loose").json["user"]["id"]
    assert logged_in(cast.root, loose, PASSWORD).status == 401
    placed = made(cast.root, "placed", default_project_id=cast.boss.account.project_id).json["user"]["id"]
    assert logged_in(cast.root, placed, PASSWORD).status == 201


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_who_is_no_administrator_manages_nobody_but_themselves(cast: Cast, role: str) -> None:
    """Not users, not roles, not projects, not others' keys."""
    mine, boss = cast.member(role), own_id(cast.boss)
    for method, path, body in (
        ("GET", "/v3/users", None),
        ("POST", "/v3/users", {"user": {"name": "new"}}),
        ("PUT", role_path(cast.boss, own_id(mine), "viewer"), None),
        ("DELETE", role_path(cast.boss, boss, "admin"), None),
        ("POST", "/v3/projects", {"project": {"name": "new"}}),
        ("PATCH", f"/v3/projects/{cast.boss.account.project_id}", {"project": {"name": "new"}}),
        ("DELETE", f"/v3/projects/{cast.boss.account.project_id}", None),
        ("PATCH", f"/v3/users/{own_id(mine)}", {"user": {"name": "new"}}),
    ):
        answer = mine.call(method, path, body)
        assert (answer.status, answer.json["error"]["title"]) == (403, "Forbidden"), path
    for method, path, body in (
        ("GET", f"/v3/users/{boss}", None),
        ("PATCH", f"/v3/users/{boss}", {"user": {"password": "another one"}}),
        ("DELETE", f"/v3/users/{boss}", None),
        ("POST", KEYS, {"credential": {"user_id": boss}}),
        ("DELETE", f"{KEYS}/{cast.boss.account.access_key}", None),
    ):
        assert mine.call(method, path, body).status in {403, 404}, path
    assert mine.call("GET", f"/v3/users/{own_id(mine)}").status == 200
    listed = mine.call("GET", "/v3/role_assignments").json["role_assignments"]
    assert [(entry["user"]["id"], entry["role"]["id"]) for entry in listed] == [(own_id(mine), role)]


def test_an_administrator_never_sees_another_project(cast: Cast) -> None:
    """Neither its people nor itself: the answer is that of things that are not there."""
    other = own_id(cast.stranger)
    away = cast.stranger.account
    for method, path, body in (
        ("GET", f"/v3/users/{other}", None),
        ("PATCH", f"/v3/users/{other}", {"user": {"enabled": False}}),
        ("DELETE", f"/v3/users/{other}", None),
        ("PUT", role_path(cast.boss, other, "viewer"), None),
        ("PUT", role_path(cast.stranger, own_id(cast.boss), "admin"), None),
        ("GET", role_path(cast.stranger, other, "admin"), None),
        ("GET", f"/v3/projects/{away.project_id}", None),
        ("PATCH", f"/v3/projects/{away.project_id}", {"project": {"enabled": False}}),
        ("DELETE", f"/v3/projects/{away.project_id}", None),
        ("GET", f"{KEYS}?user_id={other}", None),
        ("POST", KEYS, {"credential": {"user_id": other}}),
        ("GET", f"{KEYS}/{away.access_key}", None),
        ("PUT", f"{KEYS}/{away.access_key}", {"credential": {"status": "inactive"}}),
        ("DELETE", f"{KEYS}/{away.access_key}", None),
    ):
        answer = cast.boss.call(method, path, body)
        assert (answer.status, answer.json["error"]["code"]) == (404, 404), (method, path)
    assert away.project_name not in cast.boss.call("GET", "/v3/projects").text
    assert away.user_name not in cast.boss.call("GET", "/v3/users").text
    assert other not in cast.boss.call("GET", "/v3/role_assignments?include_names=1").text
    assert works(cast.stranger, away.token, cast.stranger)


def test_roles_are_given_and_taken_and_hold_at_once(cast: Cast) -> None:
    """A token's rights are those its user has now."""
    viewer = cast.member("viewer")
    user_id, group = own_id(viewer), {"name": "yard", "access_type": "GB"}
    path = role_path(cast.boss, user_id, "operator")
    assert viewer.call("POST", f"{viewer.root}/video-group", group).status == 403
    assert cast.boss.call("HEAD", path).status == 404
    assert cast.boss.call("PUT", path).status == 204
    assert cast.boss.call("HEAD", path).status == cast.boss.call("GET", path).status == 204
    assert viewer.call("POST", f"{viewer.root}/video-group", group).status != 403
    roles = cast.boss.call("GET", path.rpartition("/")[0]).json["roles"]
    assert [role["name"] for role in roles] == ["operator", "viewer"]
    assert cast.boss.call("DELETE", path).status == 204
    assert cast.boss.call("DELETE", path).status == 404
    assert viewer.call("POST", f"{viewer.root}/video-group", group).status == 403
    assert cast.boss.call("DELETE", role_path(cast.boss, user_id, "viewer")).status == 204
    assert not works(viewer, viewer.account.token, viewer)
    assert cast.root.call("PUT", role_path(cast.boss, user_id, "viewer")).status == 204
    assert not works(viewer, viewer.account.token, viewer)  # who comes back does not come back with old tokens
    assert cast.boss.call("GET", f"{KEYS}?user_id={user_id}").json["credentials"] == []


def test_nobody_gives_a_role_above_their_own(cast: Cast) -> None:
    """Nor takes one, nor changes somebody who has one."""
    user_id = own_id(cast.member("operator"))
    answer = cast.boss.call("PUT", role_path(cast.boss, user_id, "te_admin"))
    assert (answer.status, answer.json["error_code"]) == (403, "VIAS.00010005")
    assert cast.boss.call("PUT", role_path(cast.boss, user_id, "emperor")).status == 404
    minder = cast.member("te_admin")
    for method, path, body in (
        ("PATCH", f"/v3/users/{own_id(minder)}", {"user": {"password": "another one"}}),
        ("DELETE", f"/v3/users/{own_id(minder)}", None),
        ("DELETE", role_path(cast.boss, own_id(minder), "te_admin"), None),
        ("POST", KEYS, {"credential": {"user_id": own_id(minder)}}),
        ("DELETE", f"{KEYS}/{minder.account.access_key}", None),
    ):
        assert cast.boss.call(method, path, body).status == 403, (method, path)
    assert works(minder, minder.account.token, cast.boss)


def test_a_member_of_two_projects_is_no_way_from_one_into_the_other(cast: Cast) -> None:
    """An administrator who could set their password, or make them a key, would be in the other project."""
    member = cast.member("operator")
    user_id = own_id(member)
    assert cast.root.call("PUT", role_path(cast.stranger, user_id, "operator")).status == 204
    for method, path, body in (
        ("PATCH", f"/v3/users/{user_id}", {"user": {"password": "another one"}}),
        ("DELETE", f"/v3/users/{user_id}", None),
        ("POST", KEYS, {"credential": {"user_id": user_id}}),
        ("POST", KEYS, {"credential": {"user_id": user_id, "project_id": cast.stranger.account.project_id}}),
    ):
        assert cast.boss.call(method, path, body).status in {403, 404}, (method, path)
    listed = cast.boss.call("GET", f"/v3/role_assignments?user.id={user_id}").json["role_assignments"]
    assert {entry["scope"]["project"]["id"] for entry in listed} == {cast.boss.account.project_id}
    assert cast.boss.call("DELETE", role_path(cast.boss, user_id, "operator")).status == 204


def test_a_disabled_user_is_refused_at_once(cast: Cast) -> None:
    """Token, key and password alike; enabled again, only what is new holds."""
    member = cast.member("operator")
    user_id = own_id(member)
    assert (
        cast.boss.call("PATCH", f"/v3/users/{user_id}", {"user": {"enabled": False}}).json["user"]["enabled"] is False
    )
    assert not works(member, member.account.token, member)
    assert logged_in(member, user_id, PASSWORD).status == 401
    assert cast.service.run(cast.service.db.read(_key_holds, member.account.access_key)) is False
    disabled = cast.boss.call("GET", "/v3/users?enabled=false").json["users"]
    assert [user["id"] for user in disabled] == [user_id]
    cast.boss.call("PATCH", f"/v3/users/{user_id}", {"user": {"enabled": True}})
    assert not works(member, member.account.token, member)
    assert logged_in(member, user_id, PASSWORD).status == 201


def _key_holds(conn: Any, access_key: str) -> bool:
    from vedette.store import identity  # noqa: PLC0415 - only here

    return identity.by_access_key(conn, access_key) is not None


def test_a_password_is_changed_with_the_old_one_and_ends_the_tokens(cast: Cast) -> None:
    """By oneself; an administrator sets a new one for somebody who lost theirs."""
    member = cast.member("viewer")
    user_id = own_id(member)
    path, new = f"/v3/users/{user_id}/password", "a better one"
    wrong = {"user": {"password": new, "original_password": "wrong"}}
    assert member.call("POST", path, wrong).status == 401
    assert member.call("POST", path, {"user": {"password": "x" * 7, "original_password": PASSWORD}}).status == 400
    assert cast.boss.call("POST", path, {"user": {"password": new, "original_password": PASSWORD}}).status == 403
    assert works(member, member.account.token, member)
    assert member.call("POST", path, {"user": {"password": new, "original_password": PASSWORD}}).status == 204
    assert not works(member, member.account.token, member)
    token = logged_in(member, user_id, new).headers["X-Subject-Token"]
    assert cast.boss.call("PATCH", f"/v3/users/{user_id}", {"user": {"password": PASSWORD}}).status == 200
    assert not works(member, token, member)
    assert logged_in(member, user_id, PASSWORD).status == 201
    mine = {"user": {"password": new}}
    assert cast.boss.call("PATCH", f"/v3/users/{own_id(cast.boss)}", mine).status == 403  # not without the old one


def test_a_project_is_removed_only_when_it_is_empty(cast: Cast) -> None:
    """The answer says what is in it."""
    created = cast.root.call("POST", "/v3/projects", {"project": {"name": "harbour", "description": "quay"}})
    assert created.status == 201
    project = created.json["project"]
    assert cast.root.call("POST", "/v3/projects", {"project": {"name": "harbour"}}).status == 409
    path = f"/v3/projects/{project['id']}"
    renamed = cast.root.call("PATCH", path, {"project": {"name": "quay", "description": ""}})
    assert (renamed.json["project"]["name"], renamed.json["project"]["description"]) == ("quay", "")
    member = cast.member("operator", Client(cast.root.base, Account(project_id=project["id"], project_name="quay")))
    group = {"name": "yard", "access_type": "GB"}
    cast.service.run(cast.service.db.write(_group, project["id"]))
    refused = cast.root.call("DELETE", path)
    assert (refused.status, refused.json["error"]["title"]) == (409, "Conflict")
    assert "1 video groups" in refused.json["error"]["message"]
    del group
    cast.service.run(cast.service.db.write(_no_group, project["id"]))
    assert works(member, member.account.token, member)
    assert cast.root.call("DELETE", path).status == 204
    assert not works(member, member.account.token, member)
    assert cast.root.call("GET", path).status == 404


def _group(conn: Any, project_id: str) -> None:
    from vedette.store.tables import video_groups  # noqa: PLC0415 - only here

    row = {"id": project_id, "project_id": project_id, "name": "g", "description": "", "access_type": "cloud"}
    conn.execute(video_groups.insert().values(**row, create_at=1, modify_at=1))


def _no_group(conn: Any, project_id: str) -> None:
    from vedette.store.tables import video_groups  # noqa: PLC0415 - only here

    conn.execute(video_groups.delete().where(video_groups.c.project_id == project_id))


def test_a_disabled_project_is_entered_by_nobody(cast: Cast) -> None:
    """Its tokens end; a new log-in does not lead there."""
    path = f"/v3/projects/{cast.boss.account.project_id}"
    assert cast.root.call("PATCH", path, {"project": {"enabled": False}}).json["project"]["enabled"] is False
    assert not works(cast.boss, cast.boss.account.token, cast.boss)
    assert (
        cast.root.call("GET", f"/v3/projects?name={cast.boss.account.project_name}&enabled=true").json["projects"] == []
    )


def test_the_last_te_admin_stays(tmp_path: Any) -> None:
    """Else nobody could ever manage the installation again but from its machine."""
    from service import serving  # noqa: PLC0415 - a door of its own: the others have many

    with serving(tmp_path) as running:
        root = running.client()
        user_id = own_id(root)
        steps: list[tuple[str, str, Any]] = [
            ("DELETE", f"/v3/users/{user_id}", None),
            ("PATCH", f"/v3/users/{user_id}", {"user": {"enabled": False}}),
            ("DELETE", role_path(root, user_id, "te_admin"), None),
            ("PATCH", f"/v3/projects/{root.account.project_id}", {"project": {"enabled": False}}),
            ("DELETE", f"/v3/projects/{root.account.project_id}", None),
        ]
        for method, path, body in steps:
            answer = root.call(method, path, body)
            assert (answer.status, answer.json["error"]["code"]) == (403, 403), path
            assert works(root, root.account.token, root)
        other = running.client()
        assert root.call("DELETE", f"/v3/users/{own_id(other)}").status == 204
        assert root.call(*steps[0]).status == 403


def test_a_key_has_the_rights_of_its_owner_in_one_project(cast: Cast) -> None:
    """A viewer may make one for themselves, which reads; its secret is told once."""
    viewer = cast.member("viewer")
    user_id = own_id(viewer)
    answer = viewer.call("POST", KEYS, {"credential": {"user_id": user_id, "description": "wall"}})
    assert answer.status == 201, answer.text
    key = answer.json["credential"]
    assert (key["project_id"], key["status"]) == (viewer.account.project_id, "active")
    held = cast.service.run(cast.service.db.read(_key, key["access"]))
    assert held.principal.roles == ("viewer",)
    assert cast.service.vault.decrypt(held.sealed_secret) == key["secret"]
    assert key["secret"].encode() not in cast.service.stored()
    for path in (KEYS, f"{KEYS}/{key['access']}"):
        assert key["secret"] not in viewer.call("GET", path).text
    listed = cast.boss.call("GET", f"{KEYS}?user_id={user_id}").json["credentials"]
    assert key["access"] in {one["access"] for one in listed}
    changed = cast.boss.call("PUT", f"{KEYS}/{key['access']}", {"credential": {"description": "hall"}})
    assert (changed.json["credential"]["description"], changed.json["credential"]["status"]) == ("hall", "active")
    assert viewer.call("DELETE", f"{KEYS}/{key['access']}").status == 204
    elsewhere = {"credential": {"user_id": user_id, "project_id": cast.stranger.account.project_id}}
    assert viewer.call("POST", KEYS, elsewhere).status == 404
    assert cast.root.call("POST", KEYS, elsewhere).status == 404


def _key(conn: Any, access_key: str) -> Any:
    from vedette.store import identity  # noqa: PLC0415 - only here

    return identity.by_access_key(conn, access_key)


def test_keys_of_one_user_are_bounded(cast: Cast) -> None:
    """A loop gone wrong must not fill the table."""
    body = {"credential": {"user_id": own_id(cast.boss)}}
    answers = [cast.boss.call("POST", KEYS, body).status for _ in range(20)]
    assert answers == [201] * 19 + [400]


@pytest.mark.parametrize(
    ("field", "value"), [("email", "a@b.example"), ("pwd_status", True), ("access_mode", "console"), ("domain_id", "x")]
)
def test_what_is_not_kept_of_a_user_is_refused_by_name(cast: Cast, field: str, value: Any) -> None:
    """Nothing is taken and dropped; the value that says nothing is taken."""
    answer = made(cast.boss, "kept", **{field: value})
    assert answer.status == 400
    assert field in answer.json["error"]["message"]
    assert cast.boss.call("GET", "/v3/users?name=kept").json["users"] == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("domain_id=default", 1),
        ("domain_id=other", 0),
        ("parent_id=other", 0),
        ("is_domain=true", 0),
        ("enabled=false", 0),
        ("name=nothing", 0),
        ("per_page=1", 1),
        ("page=2&per_page=1", 0),
        ("page=2", 0),
    ],
)
def test_a_list_of_projects_is_narrowed(cast: Cast, query: str, count: int) -> None:
    """Each word of the query makes a difference."""
    assert len(cast.boss.call("GET", f"/v3/projects?{query}").json["projects"]) == count


def test_roles_domains_and_assignments_are_listed(cast: Cast) -> None:
    """What clients look up by name before they do anything."""
    boss = cast.boss
    roles = [role["id"] for role in boss.call("GET", "/v3/roles").json["roles"]]
    assert roles == ["te_admin", "admin", "operator", "viewer"]
    assert len(boss.call("GET", "/v3/roles?name=viewer").json["roles"]) == 1
    assert boss.call("GET", "/v3/roles?domain_id=default").json["roles"] == []
    assert boss.call("GET", "/v3/roles/viewer").json["role"]["name"] == "viewer"
    assert boss.call("GET", "/v3/roles/emperor").status == 404
    assert boss.call("GET", "/v3/domains/default").json["domain"]["name"] == "Default"
    assert boss.call("GET", "/v3/domains/other").status == 404
    assert boss.call("GET", "/v3/domains?name=other").json["domains"] == []
    assert boss.call("GET", "/v3/users?domain_id=other").json["users"] == []
    cast.member("viewer")
    everything = boss.call("GET", "/v3/role_assignments?include_names").json["role_assignments"]
    assert sorted(entry["role"]["name"] for entry in everything) == ["admin", "viewer"]
    for query, count in (("role.id=viewer", 1), (f"scope.project.id={boss.account.project_id}", 2), ("user.id=x", 0)):
        assert len(boss.call("GET", f"/v3/role_assignments?{query}").json["role_assignments"]) == count
