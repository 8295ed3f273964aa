"""Tokens of a real Keystone open our door, as far as its roles go; and only while it says so."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from absence import missing
from neighbours.keystone import FURTHER_ROLE, PASSWORD, absent
from neighbours.keystone import Keystone as Neighbour
from vedette.auth import first_start, passwords
from vedette.auth.authenticator import Authenticator
from vedette.auth.first_start import Account as OurAccount
from vedette.auth.keystone import KEPT_MS, Account, Keystone
from vedette.auth.projects import Projects
from vedette.auth.rules import OPERATOR
from vedette.model.errors import Unauthorized, Unavailable
from vedette.model.ids import ProjectId
from vedette.store import projects, schema
from vedette.store.db import Database, open_database
from vedette.store.vault import Vault

SECRET = "a member's password"


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Neighbour]:
    """One Keystone for the module: it takes seconds to set up."""
    if reason := absent():
        missing(reason)
    with Neighbour() as running:
        yield running


class Clock:
    """The time as it is, and what the test adds."""

    def __init__(self) -> None:
        self.later = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.later


@dataclass
class Door:
    """Who knows the callers."""

    authenticator: Authenticator
    db: Database
    clock: Clock
    ours: OurAccount


@pytest.fixture
async def door(neighbour: Neighbour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """Our own account, and that Keystone beside it."""
    monkeypatch.setattr(passwords, "LOG_N", 8)
    db, vault, clock, ours = (
        open_database(f"sqlite:///{tmp_path}/db"),
        Vault.from_file(tmp_path / "key"),
        Clock(),
        OurAccount(),
    )
    await db.write(schema.upgrade)
    await first_start.store(db, vault, ours, clock)
    async with aiohttp.ClientSession() as session:
        account = Account(neighbour.url, "admin", PASSWORD, "admin", "Default")
        yield Door(Authenticator(db, vault, clock, keystone=Keystone(session, account, db, clock)), db, clock, ours)
    await db.close()


_numbers = iter(range(1000))


def member(neighbour: Neighbour, role: str) -> tuple[str, str, str]:
    """Make a project and somebody in it; return the project's id, its name, and a token."""
    name = f"yard-{next(_numbers)}"
    project_id = neighbour.project(name)
    neighbour.user(f"user-of-{name}", SECRET, project_id, role)
    return project_id, name, neighbour.login(f"user-of-{name}", SECRET, name)


@pytest.mark.parametrize(
    ("role", "ours", "writes"), [("admin", "admin", True), ("member", "operator", True), ("reader", "viewer", False)]
)
async def test_a_foreign_token_opens_its_project(
    door: Door, neighbour: Neighbour, role: str, ours: str, writes: bool
) -> None:
    """With the role that stands for its own, never that of minding the installation; the project is taken over."""
    project_id, name, token = member(neighbour, role)
    held = await door.authenticator.token(token)
    who = held.principal
    assert (who.project_id, who.project_name, who.may_write) == (project_id, name, writes)
    assert who.roles[0] == ours
    assert not who.minds_installation
    assert held.expires_at is not None
    known = await door.db.read(projects.project, project_id)
    assert (known.name, known.domain) == (name, "keystone:Default")


async def test_a_role_that_means_nothing_here_opens_nothing(door: Door, neighbour: Neighbour) -> None:
    """An operator of that cloud gives rights here by the three usual roles alone."""
    *_, token = member(neighbour, FURTHER_ROLE)
    with pytest.raises(Unauthorized):
        await door.authenticator.token(token)


async def test_a_token_for_no_project_opens_nothing(door: Door, neighbour: Neighbour) -> None:
    """Everything here is of a project."""
    _, name, _ = member(neighbour, "member")
    with pytest.raises(Unauthorized):
        await door.authenticator.token(neighbour.login(f"user-of-{name}", SECRET, None))


async def test_a_revoked_token_is_noticed_within_a_minute(door: Door, neighbour: Neighbour) -> None:
    """What Keystone said is believed for half of that."""
    *_, token = member(neighbour, "member")
    await door.authenticator.token(token)
    assert neighbour.call("DELETE", "/auth/tokens", X_Subject_Token=token).status == 204
    assert await door.authenticator.token(token)
    door.clock.later += KEPT_MS
    with pytest.raises(Unauthorized):
        await door.authenticator.token(token)
    assert KEPT_MS <= 60_000


async def test_nonsense_is_refused(door: Door) -> None:
    """Whatever a stranger sends as a token, up to the longest that is read."""
    for token in ("gAAAAA" + "x" * 200, "x" * 32_768, "\u00e9", "a\nb"):
        with pytest.raises(Unauthorized):
            await door.authenticator.token(token)


async def test_while_keystone_is_away_our_own_tokens_hold(door: Door, neighbour: Neighbour) -> None:
    """A foreign token gets a 503, for it may be right; afterwards it holds again."""
    *_, token = member(neighbour, "member")
    neighbour.stop()
    try:
        with pytest.raises(Unavailable):
            await door.authenticator.token(token)
        assert (await door.authenticator.token(door.ours.token)).principal.user_name == door.ours.user_name
    finally:
        neighbour.start()
    assert await door.authenticator.token(token)


async def test_the_services_own_token_is_renewed(door: Door, neighbour: Neighbour) -> None:
    """It may end, or be revoked by somebody who tidies up."""
    *_, first = member(neighbour, "member")
    await door.authenticator.token(first)
    keystone: Any = door.authenticator._keystone
    own = keystone._own[0]
    assert neighbour.call("DELETE", "/auth/tokens", X_Auth_Token=own, X_Subject_Token=own).status == 204
    *_, second = member(neighbour, "member")
    assert await door.authenticator.token(second)
    assert keystone._own[0] != own


async def test_a_project_that_is_disabled_here_is_entered_by_nobody(door: Door, neighbour: Neighbour) -> None:
    """At once, whatever is remembered of the token."""
    project_id, _, token = member(neighbour, "admin")
    await door.authenticator.token(token)
    await Projects(door.db, door.clock, OPERATOR).change(project_id, {"enabled": 0})
    with pytest.raises(Unauthorized):
        await door.authenticator.token(token)


async def test_a_project_is_followed_when_it_is_renamed(door: Door, neighbour: Neighbour) -> None:
    """Its id stays; a name that another has meanwhile is told apart by the id."""
    project_id, name, token = member(neighbour, "admin")
    await door.authenticator.token(token)
    neighbour.call("PATCH", f"/projects/{project_id}", {"project": {"name": f"{name}-new"}})
    door.clock.later += KEPT_MS
    await door.authenticator.token(token)
    assert (await door.db.read(projects.project, project_id)).name == f"{name}-new"
    twin = await door.db.write(projects.take_over, ProjectId("f" * 32), f"{name}-new", "keystone:Default", at=1)
    assert twin.name == f"{name}-new ({'f' * 32})"


async def test_a_wrong_password_of_the_service_is_no_fault_of_the_caller(
    door: Door, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's token may be right: 503, and the log says why."""
    *_, token = member(neighbour, "member")
    keystone: Any = door.authenticator._keystone
    keystone._account = Account(neighbour.url, "admin", "wrong", "admin", "Default")
    with pytest.raises(Unavailable):
        await door.authenticator.token(token)
    assert "wrong" not in repr(keystone._account)
