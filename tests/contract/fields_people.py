"""What may be managed: the fields of users, projects and access keys."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from bodies import changed
from fields_login import B, called, cast_of, claim, log_in, worded
from fields_scene import Kind, Row, Rows, Scene
from service import Answer, Client
from test_identity_both_ways import signed

EFFECT, LABEL = Kind.EFFECT, Kind.LABEL
PASSWORD: Final = "correct horse battery"
KEYS: Final = "/v3.0/OS-CREDENTIAL/credentials"

See = Callable[[Scene, Mapping[str, str], Any], Any]


def _bodies(name: str, base: Mapping[str, Any], send: Callable[[Scene, Mapping[str, str], Any], Answer]) -> Any:
    """Return how the rows of one operation are made: `(path, kind, see, one, other)`."""

    def row(path: str, kind: Kind, see: See, one: Any, other: Any) -> tuple[str, Row]:
        def look(scene: Scene, value: Any) -> Any:
            known = cast_of(scene)
            answer = send(scene, known, worded(known, changed(dict(base), path, value)))
            return answer.status if answer.status >= 300 else see(scene, known, answer)

        return f"{name}:{path}", Row(kind, look, one, other)

    return row


def _logs_in(name: str, password: str = PASSWORD) -> See:
    """Look at whether somebody of that name and password gets in, and where."""

    def see(scene: Scene, known: Mapping[str, str], _answer: Any) -> Any:
        user = {"name": known.get(name, name), "password": known.get(password, password)}
        answer = log_in(scene, {"identity": {"methods": ["password"], "password": {"user": user}}})
        return answer.status, called(known, answer.json["token"]["project"]["id"]) if answer.status == 201 else None

    return see


def _shown(path: str) -> See:
    """Look at what an operation answers."""

    def see(_scene: Scene, _known: Mapping[str, str], answer: Any) -> Any:
        found = answer.json
        for step in path.split("."):
            found = found[step]
        return found

    return see


def _post(path: str) -> Callable[[Scene, Mapping[str, str], Any], Answer]:
    return lambda scene, _known, body: scene.client.call("POST", path, body)


def _change_user(scene: Scene, known: Mapping[str, str], body: Any) -> Answer:
    user = {"name": known["{new}"], "password": PASSWORD, "default_project_id": known["{p1}"]}
    made = scene.done("POST", "/v3/users", {"user": user})["user"]["id"]
    return scene.client.call("PATCH", f"/v3/users/{made}", body)


def _users() -> Rows:
    made = {"user": {"name": "{new}", "password": PASSWORD, "default_project_id": "{p1}"}}
    disabled = {"user": made["user"] | {"enabled": False}}
    found = []
    for name, path in (("KeystoneCreateUser", "/v3/users"), ("CreateUser", "/v3.0/OS-USER/users")):
        row = _bodies(name, made, _post(path))
        found += [
            row("user", EFFECT, _logs_in("{new}"), made["user"], disabled["user"]),
            row("user.name", EFFECT, _logs_in("{new}"), "{new}", "{newer}"),
            row("user.password", EFFECT, _logs_in("{new}"), PASSWORD, "another long one"),
            row("user.description", LABEL, _shown("user.description"), "night", "day"),
            row("user.enabled", EFFECT, _logs_in("{new}"), True, False),
            row("user.domain_id", EFFECT, _logs_in("{new}"), "default", "elsewhere"),
            row("user.default_project_id", EFFECT, _logs_in("{new}"), "{p1}", "{p2}"),
        ]
    row = _bodies("KeystoneUpdateUserByAdmin", {"user": {}}, _change_user)
    found += [
        row("user", EFFECT, _logs_in("{new}"), {}, {"enabled": False}),
        row("user.name", EFFECT, _logs_in("{new}"), "{new}", "{newer}"),
        row("user.password", EFFECT, _logs_in("{new}"), PASSWORD, "another long one"),
        row("user.description", LABEL, _shown("user.description"), "night", "day"),
        row("user.enabled", EFFECT, _logs_in("{new}"), True, False),
        row("user.domain_id", EFFECT, _logs_in("{new}"), "default", "elsewhere"),
    ]
    return dict(found) | _passwords()


def _passwords() -> Rows:
    """One's own password: the client changes theirs."""

    def row(path: str, one: Any, other: Any) -> Row:
        def look(scene: Scene, value: Any) -> Any:
            mine = scene.client.account
            known = {"{password}": mine.password}
            own = scene.client.call("GET", "/v3/auth/tokens", X_Subject_Token=mine.token).json["token"]["user"]["id"]
            base = {"user": {"password": PASSWORD, "original_password": "{password}"}}
            sent = worded(known, changed(base, path, value))
            status = scene.client.call("POST", f"/v3/users/{own}/password", sent).status
            user = {"id": own, "password": PASSWORD}
            return status, log_in(scene, {"identity": {"methods": ["password"], "password": {"user": user}}}).status

        return Row(EFFECT, look, one, other)

    right = {"password": PASSWORD, "original_password": "{password}"}
    return {
        "KeystoneUpdateUserPassword:user": row("user", right, right | {"password": "another long one"}),
        "KeystoneUpdateUserPassword:user.password": row("user.password", PASSWORD, "another long one"),
        "KeystoneUpdateUserPassword:user.original_password": row("user.original_password", "{password}", "wrong"),
    }


def _can_be_entered(scene: Scene, known: Mapping[str, str], answer: Any) -> Any:
    """Look at whether one gets a token for a project, under its name."""
    project = answer.json["project"]["id"]
    scene.client.call("PUT", f"/v3/projects/{project}/users/{known['{b}']}/roles/viewer")
    return log_in(scene, worded(known, claim(B, {"project": {"name": "{new}"}}))).status


def _change_project(scene: Scene, known: Mapping[str, str], body: Any) -> Answer:
    made = scene.done("POST", "/v3/projects", {"project": {"name": known["{new}"]}})["project"]["id"]
    return scene.client.call("PATCH", f"/v3/projects/{made}", body)


def _projects() -> Rows:
    named = {"name": "{new}"}
    row = _bodies("KeystoneCreateProject", {"project": named}, _post("/v3/projects"))
    found = [
        row("project", EFFECT, _can_be_entered, named, named | {"enabled": False}),
        row("project.name", EFFECT, _can_be_entered, "{new}", "{newer}"),
        row("project.description", LABEL, _shown("project.description"), "quay", "yard"),
        row("project.enabled", EFFECT, _can_be_entered, True, False),
        row("project.domain_id", EFFECT, _can_be_entered, "default", "elsewhere"),
        row("project.parent_id", EFFECT, _can_be_entered, "default", "elsewhere"),
        row("project.is_domain", EFFECT, _can_be_entered, False, True),
    ]
    row = _bodies("KeystoneUpdateProject", {"project": {}}, _change_project)
    found += [
        row("project", EFFECT, _can_be_entered, {}, {"enabled": False}),
        row("project.name", EFFECT, _can_be_entered, "{new}", "{newer}"),
        row("project.description", LABEL, _shown("project.description"), "quay", "yard"),
        row("project.enabled", EFFECT, _can_be_entered, True, False),
        row("project.domain_id", EFFECT, _can_be_entered, "default", "elsewhere"),
    ]
    return dict(found)


def _signs(scene: Scene, known: Mapping[str, str], answer: Any) -> Any:
    """Sign with the key, and look at whose it is, and which project it opens."""
    key = answer.json["credential"]
    keys = {"access_key": key["access"], "secret_key": key["secret"]}
    account = replace(scene.client.account, project_id=key["project_id"], **keys)
    client = Client(scene.client.base, account)
    opened = []
    for word in ("{p1}", "{p2}"):
        path = f"/v2/{known[word]}/tasks"
        headers = signed(client, "GET", path, b"")
        response = client.pool.request("GET", client.base + path, headers=headers)
        opened.append(response.status)
    return called(known, key["user_id"]), opened


def _change_key(scene: Scene, known: Mapping[str, str], body: Any) -> Answer:
    sent = {"credential": {"user_id": known["{a}"], "project_id": known["{p1}"]}}
    made = scene.done("POST", KEYS, sent)["credential"]
    answer = scene.client.call("PUT", f"{KEYS}/{made['access']}", body)
    told = answer.json
    told["credential"] |= {"secret": made["secret"]}  # of the answer to the create, to sign with
    return replace(answer, text=json.dumps(told))


def _keys() -> Rows:
    mine = {"user_id": "{a}", "project_id": "{p1}"}
    row = _bodies("CreatePermanentAccessKey", {"credential": mine}, _post(KEYS))
    found = [
        row("credential", EFFECT, _signs, mine, mine | {"project_id": "{p2}"}),
        row("credential.user_id", EFFECT, _signs, "{a}", "{b}"),
        row("credential.description", LABEL, _shown("credential.description"), "wall", "hall"),
        row("credential.project_id", EFFECT, _signs, "{p1}", "{p2}"),
    ]
    row = _bodies("UpdatePermanentAccessKey", {"credential": {}}, _change_key)
    found += [
        row("credential", EFFECT, _signs, {}, {"status": "inactive"}),
        row("credential.status", EFFECT, _signs, "active", "inactive"),
        row("credential.description", LABEL, _shown("credential.description"), "wall", "hall"),
    ]
    return dict(found)


def rows() -> Rows:
    """Return the rows of the bodies about users, projects and keys."""
    return _users() | _projects() | _keys()
