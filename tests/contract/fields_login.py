"""Who logs in to what: the fields of the log-in, and what the other identity rows look at to see who gets in."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bodies import changed
from fields_scene import Kind, Row, Rows, Scene
from service import Answer

from vedette.auth import first_start
from vedette.auth.first_start import Account


def cast_of(scene: Scene) -> dict[str, str]:
    """Bring in a second project and a second user with the same password in both; return all names and ids.

    They differ from look to look, so bodies name them by these words, and what is seen is told in them.
    """
    mine = scene.client.account
    other = replace(Account(), project_name=f"{mine.project_name}-2", user_name=mine.user_name, password=mine.password)
    second = f"{mine.user_name}-b"
    accounts = [
        other,
        replace(Account(), project_id=mine.project_id, user_name=second, password=mine.password),
        replace(Account(), project_id=other.project_id, user_name=second, password=mine.password),
    ]
    for account in accounts:
        scene.service.run(first_start.store(scene.service.db, scene.service.vault, account, scene.service.clock))
    users = {
        one["name"]: one["id"]
        for name in (mine.user_name, second)
        for one in scene.get(f"/v3/users?name={name}")["users"]
    }
    return {
        "{p1}": mine.project_id, "{p2}": other.project_id,
        "{p1name}": mine.project_name, "{p2name}": other.project_name,
        "{a}": users[mine.user_name], "{b}": users[second], "{aname}": mine.user_name, "{bname}": second,
        "{password}": mine.password, "{new}": f"new-{mine.user_name}", "{newer}": f"newer-{mine.user_name}",
    }  # fmt: skip


def worded(known: Mapping[str, str], value: Any) -> Any:
    """Return a body with names and ids in the place of the words for them."""
    text = json.dumps(value)
    for word, meant in known.items():
        text = text.replace(word, meant)
    return json.loads(text)


def called(known: Mapping[str, str], meant: str) -> str:
    """Return the word for a name or an id."""
    return next((word for word, other in known.items() if other == meant), "nobody knows")


def log_in(scene: Scene, auth: Any) -> Answer:
    """Ask for a token."""
    return scene.client.call("POST", "/v3/auth/tokens", {"auth": auth}, X_Auth_Token="")


def _whom(known: Mapping[str, str], answer: Answer) -> Any:
    """Tell who got in where, or how the door stayed shut."""
    if answer.status != 201:
        return answer.status
    token = answer.json["token"]
    return called(known, token["user"]["id"]), called(known, token["project"]["id"])


def claim(user: Mapping[str, Any], scope: Any = None) -> dict[str, Any]:
    """Return who somebody says they are, and what for."""
    who = {"methods": ["password"], "password": {"user": {"password": "{password}"} | dict(user)}}
    return {"identity": who, "scope": scope or {"project": {"id": "{p1}"}}}


A, B = {"id": "{a}"}, {"id": "{b}"}
NAMED: Final = {"name": "{aname}", "domain": {"name": "Default"}}
NAMED_BY_ID: Final = {"name": "{aname}", "domain": {"id": "default"}}
HERE: Final = {"project": {"name": "{p1name}", "domain": {"name": "Default"}}}
HERE_BY_ID: Final = {"project": {"name": "{p1name}", "domain": {"id": "default"}}}
BOTH: Final = {"project": {"id": "{p1}"}, "domain": None}
USER: Final = "identity.password.user"
LOGINS: Final[tuple[tuple[str, Any, Any, Any], ...]] = (
    ("identity", claim(A), claim(A)["identity"], claim(B)["identity"]),
    ("identity.methods", claim(A), ["password"], ["token"]),
    ("identity.password", claim(A), claim(A)["identity"]["password"], claim(B)["identity"]["password"]),
    (USER, claim(A), {"id": "{a}", "password": "{password}"}, {"id": "{b}", "password": "{password}"}),
    (f"{USER}.id", claim(A), "{a}", "{b}"),
    (f"{USER}.name", claim(NAMED), "{aname}", "{bname}"),
    (f"{USER}.domain", claim(NAMED), {"name": "Default"}, {"name": "elsewhere"}),
    (f"{USER}.domain.id", claim(NAMED_BY_ID), "default", "elsewhere"),
    (f"{USER}.domain.name", claim(NAMED), "Default", "elsewhere"),
    (f"{USER}.password", claim(A), "{password}", "wrong"),
    ("scope", claim(A), {"project": {"id": "{p1}"}}, {"project": {"id": "{p2}"}}),
    ("scope.project", claim(A), {"id": "{p1}"}, {"id": "{p2}"}),
    ("scope.project.id", claim(A), "{p1}", "{p2}"),
    ("scope.project.name", claim(A, HERE), "{p1name}", "{p2name}"),
    ("scope.project.domain", claim(A, HERE), {"name": "Default"}, {"name": "elsewhere"}),
    ("scope.project.domain.id", claim(A, HERE_BY_ID), "default", "elsewhere"),
    ("scope.project.domain.name", claim(A, HERE), "Default", "elsewhere"),
)
REFUSED: Final = (("", {}), (".id", {"id": "default"}), (".name", {"name": "Default"}))
"""A domain as the scope is refused, whatever it says; beside a project, too."""


def _login_row(path: str, base: Any, one: Any, other: Any) -> Row:
    def look(scene: Scene, value: Any) -> Any:
        known = cast_of(scene)
        return _whom(known, log_in(scene, worded(known, changed(base, path, value))))

    return Row(Kind.EFFECT, look, one, other)


def _auth_row() -> Row:
    def look(scene: Scene, value: Any) -> Any:
        known = cast_of(scene)
        return _whom(known, log_in(scene, worded(known, value)))

    return Row(Kind.EFFECT, look, claim(A), claim(B))


def _catalog_row(*, fresh: bool) -> Row:
    def look(scene: Scene, query: str) -> Any:
        mine = scene.client.account
        user = {"name": mine.user_name, "password": mine.password}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}} if fresh else None
        path = f"/v3/auth/tokens{query}"
        answer = scene.client.call("POST" if fresh else "GET", path, body, X_Subject_Token=mine.token)
        return sorted(answer.json["token"])

    return Row(Kind.EFFECT, look, "", "?nocatalog")


def rows() -> Rows:
    """Return the rows of the body of the log-in."""
    name = "KeystoneCreateUserTokenByPassword:auth"
    found = {f"{name}.{path}": _login_row(path, *rest) for path, *rest in LOGINS}
    for last, domain in REFUSED:
        found[f"{name}.scope.domain{last}"] = _login_row("scope.domain", claim(A, BOTH), None, domain)
    return found | {name: _auth_row()}


def queries() -> Rows:
    """Return the rows of the only parameter that tokens have."""
    return {
        "KeystoneCreateUserTokenByPassword?nocatalog": _catalog_row(fresh=True),
        "KeystoneValidateToken?nocatalog": _catalog_row(fresh=False),
    }
