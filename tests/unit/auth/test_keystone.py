"""What another Keystone may answer, and what becomes of it; the real one is in the integration tests."""

from contextlib import asynccontextmanager
from typing import Any

import pytest

from vedette.app.keystone import external_keystone
from vedette.auth.keystone import KEPT, Account, Keystone
from vedette.model.errors import Misconfigured, Unavailable
from vedette.settings import Settings
from vedette.store.projects import ProjectRow

NOW = 1_713_859_200_000
USER = {"id": "u", "name": "anna", "domain": {"name": "Default"}}
PROJECT = {"id": "p", "name": "yard", "domain": {"name": "Default"}}
GOOD = {"user": USER, "project": PROJECT, "roles": [{"name": "member"}], "expires_at": "2024-04-23T09:00:00.000000Z"}


class Answer:
    def __init__(self, status: int, document: Any) -> None:
        self.status, self.document, self.headers = status, document, {"X-Subject-Token": "own"}

    async def json(self) -> Any:
        return self.document


class Http:
    """Answers as the test says, and counts."""

    def __init__(self, status: int, document: Any) -> None:
        self.status, self.document, self.asked = status, document, 0

    @asynccontextmanager
    async def request(self, method: str, url: str, **_: Any) -> Any:
        if method == "POST":
            yield Answer(201, {"token": {"expires_at": "2030-01-01T00:00:00Z"}})
        else:
            self.asked += 1
            assert url == "http://keystone/identity/v3/auth/tokens?nocatalog=1"
            yield Answer(self.status, self.document)


class Table:
    """Has every project."""

    async def read(self, _: Any, project_id: Any) -> ProjectRow:
        return ProjectRow(project_id, "yard", "keystone:Default", "", enabled=True)

    write = read


def made(http: Any, clock: Any = lambda: NOW) -> Keystone:
    table: Any = Table()
    return Keystone(http, Account("http://keystone/identity/v3", "vedette", "x", "service", "Default"), table, clock)


async def test_an_answer_is_believed_for_a_while_by_the_tokens_hash() -> None:
    """Keystone is asked once for many calls; the token itself is not kept."""
    http = Http(200, {"token": GOOD})
    keystone = made(http)
    for _ in range(3):
        held = await keystone.token("secret-token")
        assert held is not None
        assert held.principal.roles == ("operator",)
    assert http.asked == 1
    assert "secret-token" not in repr(vars(keystone))


async def test_what_is_kept_is_bounded() -> None:
    """Ever new tokens must not fill our memory."""
    keystone = made(Http(200, {"token": GOOD}))
    for number in range(KEPT + 10):
        await keystone.token(f"t{number}")
    assert len(keystone._kept) == KEPT


@pytest.mark.parametrize(
    "token",
    [
        {**GOOD, "roles": [{"name": "te_admin"}, {"name": "observer"}]},
        {name: value for name, value in GOOD.items() if name != "project"},
        {**GOOD, "expires_at": "2024-04-23T08:00:00Z"},
    ],
)
async def test_a_token_without_a_right_or_a_project_or_at_its_end_opens_nothing(token: Any) -> None:
    """None is what an unknown token gives."""
    assert await made(Http(200, {"token": token})).token("t") is None


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (200, {}),
        (200, {"token": []}),
        (200, {"token": {**GOOD, "user": {}}}),
        (200, []),
        (403, None),
        (401, None),
        (500, None),
    ],
)
async def test_an_answer_that_says_nothing_is_not_a_no(status: int, document: Any) -> None:
    """The caller's token may be right; 503 makes a client try again."""
    with pytest.raises(Unavailable):
        await made(Http(status, document)).token("t")


async def test_an_address_without_a_password_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Better than a 503 at the first foreign token."""
    nothing: Any = None
    async with external_keystone(Settings(), nothing, lambda: NOW) as none:
        assert none is None
    monkeypatch.setenv("VEDETTE_KEYSTONE_URL", "http://keystone:5000")
    with pytest.raises(Misconfigured, match="VEDETTE_KEYSTONE_PASSWORD"):
        async with external_keystone(Settings(), nothing, lambda: NOW):
            pass
    monkeypatch.setenv("VEDETTE_KEYSTONE_PASSWORD", "secret")
    async with external_keystone(Settings(), nothing, lambda: NOW) as there:
        assert there is not None
