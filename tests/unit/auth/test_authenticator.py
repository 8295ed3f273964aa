"""Logging in: what it costs, and what a failure costs; over a store in memory."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from vedette.auth import first_start, passwords
from vedette.auth.authenticator import Authenticator
from vedette.auth.first_start import Account
from vedette.auth.signature import SignedRequest
from vedette.auth.throttle import FIRST_S, REMEMBERED, SLOWEST_S
from vedette.model.errors import BadSignature, InvalidParameter, Unauthorized
from vedette.store import identity
from vedette.store.tables import metadata
from vedette.store.vault import Vault

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Memory:
    """A database in memory, one unit after the other."""

    def __init__(self) -> None:
        self._engine: Engine = create_engine("sqlite://", poolclass=StaticPool)
        metadata.create_all(self._engine)

    async def read(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self._engine.begin() as conn:
            return unit(conn, *args, **kwargs)

    write = read

    async def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
async def made() -> Any:
    db, vault, waits = Memory(), Vault(KEY), []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    account = Account()
    await first_start.store(db, vault, account, lambda: 1000)
    yield Authenticator(db, vault, lambda: 1000, sleep=sleep), account, waits, db
    await db.close()


async def test_repeated_failures_are_slowed_down_within_a_bound(made: Any) -> None:
    """Guessing costs time; a guesser cannot make the owner wait for ever."""
    authenticator, account, waits, _ = made
    for _ in range(8):
        with pytest.raises(Unauthorized):
            await authenticator.login("wrong", name=account.user_name)
    assert waits == sorted(waits)
    assert waits[0] < waits[-1] == SLOWEST_S
    assert len(await authenticator.login(account.password, name=account.user_name)) == 1
    with pytest.raises(Unauthorized):
        await authenticator.login("wrong", name=account.user_name)
    assert waits[-1] == waits[0]


async def test_names_whose_failures_are_counted_are_bounded(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger who tries ever new names must not fill our memory."""
    authenticator, *_ = made
    monkeypatch.setattr(passwords, "verify", lambda *_: False)
    for number in range(REMEMBERED + 50):
        with pytest.raises(Unauthorized):
            await authenticator.login("wrong", name=f"user-{number}")
    assert len(authenticator._throttle._failures) == REMEMBERED


async def test_an_unknown_user_costs_as_much_work_as_a_wrong_password(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the time of the answer would tell who exists."""
    authenticator, account, *_ = made
    compared = []
    monkeypatch.setattr(passwords, "verify", lambda password, stored: bool(compared.append(stored)))
    for name in ("nobody", account.user_name):
        with pytest.raises(Unauthorized):
            await authenticator.login("wrong", name=name)
    assert [stored.split("$")[:4] for stored in compared] == [passwords.NOBODY.split("$")[:4]] * 2


async def test_the_first_account_is_needed_once(made: Any) -> None:
    """A second start must not make a second one."""
    *_, db = made
    assert not await first_start.needed(db)
    empty = Memory()
    assert await first_start.needed(empty)
    await empty.close()


async def test_an_account_hides_its_secrets() -> None:
    """It may stand in a log or a traceback."""
    account = Account()
    for secret in (account.password, account.token, account.secret_key):
        assert secret not in repr(account)


async def test_tokens_that_have_ended_are_forgotten(made: Any) -> None:
    """The table must not grow with every login for ever."""
    authenticator, account, _, db = made
    place = (await authenticator.login(account.password, name=account.user_name))[0]
    authenticator._life = 0
    for _ in range(3):
        await authenticator.issue(place)
    authenticator._life = 5
    token, _ = await authenticator.issue(place)
    assert (await authenticator.token(token)).principal == place
    from vedette.store.tables import tokens  # noqa: PLC0415 - only here

    rows = await db.read(lambda conn: conn.execute(tokens.select()).all())
    assert len(rows) == 2  # the first one, which never ends, and the last


@pytest.mark.parametrize("stored", ["", "scrypt$14$8$1$AA==", "bcrypt$1$2$3$4$5", "scrypt$x$8$1$AA==$AA=="])
def test_a_stored_password_that_is_broken_fits_nothing(stored: str) -> None:
    """A damaged row must not open a door, nor break the login."""
    assert not passwords.verify("", stored)


def test_a_password_fits_its_own_hash_alone() -> None:
    """Two hashes of one password differ by their salt."""
    one, two = passwords.hashed("p\u00e4ss"), passwords.hashed("p\u00e4ss")
    assert one != two
    assert passwords.verify("p\u00e4ss", one)
    assert not passwords.verify("pass", one)


async def test_passwords_are_looked_at_one_after_the_other(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs 8 MiB and a core: a crowd at the door must not take the machine."""
    authenticator, *_ = made
    inside, most = 0, 0

    async def counted(_: Any, *args: Any) -> bool:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        for _ in range(3):
            await asyncio.sleep(0)
        inside -= 1
        return False

    monkeypatch.setattr("vedette.auth.authenticator.asyncio.to_thread", counted)
    tries = [authenticator.login("x", name=f"user-{number}") for number in range(10)]
    assert all(isinstance(answer, Unauthorized) for answer in await asyncio.gather(*tries, return_exceptions=True))
    assert most == 1


async def test_a_name_and_its_id_are_slowed_down_as_one(made: Any) -> None:
    """Else a guesser would have twice the tries, by turns."""
    authenticator, account, waits, db = made
    known = await db.read(identity.find_user, user_id=None, name=account.user_name, domain="Default")
    for named in ({"name": account.user_name}, {"user_id": known.id}, {"name": account.user_name, "domain": "DEFAULT"}):
        with pytest.raises(Unauthorized):
            await authenticator.login("wrong", **named)
    assert waits == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]


async def test_a_signature_with_a_temporary_key_is_told_why_it_is_refused(made: Any) -> None:
    """None are issued here; to say that the signature does not fit would send people looking for hours."""
    authenticator, *_ = made
    request = SignedRequest("GET", b"/", b"", [(b"x-security-token", b"t")], b"")
    with pytest.raises(BadSignature, match="X-Security-Token"):
        await authenticator.signed("SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0", request)


async def test_a_new_password_ends_the_tokens_of_its_user_alone(made: Any) -> None:
    """Whoever changes a password believes the old one known to others."""
    authenticator, account, _, db = made
    other = Account(project_name="other", user_name="other")
    await first_start.store(db, Vault(KEY), other, lambda: 1000)
    user = await authenticator.proven(account.password, name=account.user_name)
    with pytest.raises(Unauthorized):
        await authenticator.new_password(user.id, "wrong", "long enough")
    assert (await authenticator.token(account.token)).principal.user_id == user.id
    await authenticator.new_password(user.id, account.password, "long enough")
    with pytest.raises(Unauthorized):
        await authenticator.token(account.token)
    assert (await authenticator.token(other.token)).principal.user_name == "other"
    assert await authenticator.login("long enough", name=account.user_name)


@pytest.mark.parametrize("weak", ["short", "somebody-long", "gnol-ydobemos"])
def test_a_weak_password_is_refused(weak: str) -> None:
    """Guessing begins with the name."""
    with pytest.raises(InvalidParameter):
        passwords.need_strength(weak, "Somebody-Long")


def test_no_password_at_all_is_fitted_by_none() -> None:
    """A user without a password calls with access keys, and comparing takes as long as with one."""
    stored = passwords.hashed(None)
    assert stored.split("$")[:4] == passwords.NOBODY.split("$")[:4]
    assert not passwords.verify("", stored)
