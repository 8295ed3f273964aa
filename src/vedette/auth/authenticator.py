"""Who is it? A token, a signature or a password turns into a Principal, or is refused."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from vedette.auth import passwords, signature, tokens
from vedette.auth.signature import SignedRequest
from vedette.model.errors import BadSignature, Unauthorized
from vedette.store import identity
from vedette.store.db import Database
from vedette.store.identity import HeldToken, Principal
from vedette.store.vault import Vault

DOMAIN: Final = "Default"
"""The domain that is meant where none is named."""
TOKEN_LENGTH: Final = 32_768
HASHERS: Final = 1
"""Passwords looked at side by side: each costs 8 MiB and a core."""
REMEMBERED: Final = 1024
"""Names whose failures are counted."""
SLOWEST_S: Final = 2.0
_REFUSAL: Final = "The token is not valid."


class Authenticator:
    """Asks the store who somebody is.

    Args:
        db: where users, tokens and keys are.
        vault: opens the secret keys.
        clock: milliseconds since the epoch.
        token_life_ms: how long a token holds.
        sleep: waits that many seconds after a failed login.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        clock: Callable[[], int],
        *,
        token_life_ms: int = 24 * 3_600_000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._life = token_life_ms
        self._sleep = sleep
        self._hashers = asyncio.Semaphore(HASHERS)
        self._failures: OrderedDict[str, int] = OrderedDict()

    async def token(self, token: str) -> HeldToken:
        """Return what is known of a token.

        Raises:
            Unauthorized: it is unknown or has ended.
        """
        if not token or len(token) > TOKEN_LENGTH:
            raise Unauthorized(_REFUSAL)
        held = await self._db.read(identity.by_token, tokens.fingerprint(token), self._clock())
        if held is None:
            raise Unauthorized(_REFUSAL)
        return held

    async def signed(self, authorization: str, request: SignedRequest) -> Principal:
        """Return whose signature it is.

        Raises:
            BadSignature: the key is unknown, or the signature does not hold or has expired.
            Unauthorized: X-Project-Id names another project than the key's.
        """
        claim = signature.parse(authorization)
        held = await self._db.read(identity.by_access_key, claim.access_key)
        if held is None:
            raise BadSignature("The access key is unknown.")
        signature.verify(request, claim, self._vault.decrypt(held.sealed_secret), self._clock() / 1000)
        named = request.header("x-project-id")
        if named is not None and named.decode("latin-1") != held.principal.project_id:
            raise Unauthorized("X-Project-Id names another project than that of the access key.")
        return held.principal

    async def login(
        self, password: str, *, user_id: str | None = None, name: str | None = None, domain: str | None = None
    ) -> list[Principal]:
        """Return all places of a user whose password this is; failures are slowed down.

        Raises:
            Unauthorized: no such user, a wrong password, or a user without any project.
        """
        user = await self._db.read(identity.find_user, user_id=user_id, name=name, domain=domain or DOMAIN)
        async with self._hashers:
            stored = user.password_hash if user else passwords.NOBODY
            fits = await asyncio.to_thread(passwords.verify, password, stored)
        who = user_id or f"{domain}/{name}"
        if user is None or not fits:
            await self._sleep(self._penalty(who))
            raise Unauthorized("The user name or the password is wrong.")
        self._failures.pop(who, None)
        return await self._db.read(identity.places, user.id)

    async def issue(self, principal: Principal) -> tuple[str, HeldToken]:
        """Return a new token for a principal, and what is known of it."""
        token, now = tokens.new_token(), self._clock()
        expires_at = now + self._life
        await self._db.write(
            identity.add_token,
            tokens.fingerprint(token),
            principal.user_id,
            principal.project_id,
            at=now,
            expires_at=expires_at,
        )
        return token, HeldToken(principal, now, expires_at)

    async def projects(self, principal: Principal, name: str | None) -> list[Principal]:
        """Return the places of the principal's user, narrowed to projects of this name."""
        return await self._db.read(identity.places, principal.user_id, name=name)

    def _penalty(self, who: str) -> float:
        """Count a failure; return how long it shall take, doubling from 50 ms up to a bound."""
        failures = self._failures.pop(who, 0) + 1
        self._failures[who] = failures
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)
        return float(min(0.05 * 2 ** min(failures, 10), SLOWEST_S))
