"""Who is it? A token, a signature or a password turns into a Principal, or is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from vedette.auth import passwords, signature, tokens
from vedette.auth.keystone import Keystone
from vedette.auth.signature import SignedRequest
from vedette.auth.throttle import Throttle
from vedette.model.errors import BadSignature, NotFound, Unauthorized
from vedette.model.ids import UserId
from vedette.store import identity, people
from vedette.store.db import Database
from vedette.store.identity import HeldToken, KnownUser, Principal
from vedette.store.vault import Vault

DOMAIN: Final = "Default"
"""The domain that is meant where none is named."""
TOKEN_LENGTH: Final = 32_768
HASHERS: Final = 1
"""Passwords looked at side by side: each costs 8 MiB and a core."""
_REFUSAL: Final = "The token is not valid."


class Authenticator:
    """Asks the store who somebody is.

    Args:
        db: where users, tokens and keys are.
        vault: opens the secret keys.
        clock: milliseconds since the epoch.
        token_life_ms: how long a token holds.
        sleep: waits that many seconds after a failed login.
        keystone: another identity service, asked about tokens that are not ours.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        clock: Callable[[], int],
        *,
        token_life_ms: int = 24 * 3_600_000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        keystone: Keystone | None = None,
    ) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._life = token_life_ms
        self._keystone = keystone
        self._hashers = asyncio.Semaphore(HASHERS)
        self._throttle = Throttle(sleep)

    async def token(self, token: str) -> HeldToken:
        """Return what is known of a token.

        Raises:
            Unauthorized: it is unknown or has ended.
            Unavailable: it is not ours, and the external Keystone does not answer.
        """
        if not token or len(token) > TOKEN_LENGTH:
            raise Unauthorized(_REFUSAL)
        held = await self._db.read(identity.by_token, tokens.fingerprint(token), self._clock())
        if held is None and self._keystone is not None:
            held = await self._keystone.token(token)
        if held is None:
            raise Unauthorized(_REFUSAL)
        return held

    async def signed(self, authorization: str, request: SignedRequest) -> Principal:
        """Return whose signature it is.

        Raises:
            BadSignature: the key is unknown or temporary, or the signature does not hold or has expired.
            Unauthorized: X-Project-Id names another project than the key's.
        """
        if request.header("x-security-token") is not None:
            raise BadSignature("Temporary access keys are not issued here: sign without X-Security-Token.")
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
        user = await self.proven(password, user_id=user_id, name=name, domain=domain)
        return await self._db.read(identity.places, user.id)

    async def proven(
        self, password: str, *, user_id: str | None = None, name: str | None = None, domain: str | None = None
    ) -> KnownUser:
        """Return the user whose password this is; guesses at one user wait for one another.

        Raises:
            Unauthorized: no such user, or a wrong password.
            Unavailable: too many already wait to log in as this user.
        """
        domain = domain or DOMAIN
        user = await self._db.read(identity.find_user, user_id=user_id, name=name, domain=domain)
        who = user.id if user else (user_id or f"{domain}/{name}").lower()
        async with self._throttle.turn(who):
            async with self._hashers:
                stored = user.password_hash if user else passwords.NOBODY
                fits = await asyncio.to_thread(passwords.verify, password, stored)
            if user is None or not fits:
                await self._throttle.failed(who)
                raise Unauthorized("The user name or the password is wrong.")
            self._throttle.succeeded(who)
        return user

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

    async def end(self, token: str) -> None:
        """End a token.

        Raises:
            NotFound: it is not ours: whoever issued it ends it.
        """
        if not await self._db.write(identity.end_token, tokens.fingerprint(token)):
            raise NotFound("The token was issued elsewhere, and is ended there.")

    async def new_password(self, user_id: UserId, old: str, new: str) -> None:
        """Change a user's own password; their tokens end.

        Raises:
            Unauthorized: the old one is wrong.
            InvalidParameter: the new one is too weak.
        """
        user = await self.proven(old, user_id=user_id)
        passwords.need_strength(new, user.name)
        hashed = await asyncio.to_thread(passwords.hashed, new)
        await self._db.write(people.change, user.id, {"password_hash": hashed})
