"""Another identity service, where the operator has one: an OpenStack Keystone validates tokens that are not ours.

It is asked as a service asks: with a token of the service's own user, about the token of the caller. Answers are
kept for a short while, so that a revoked token is noticed soon; what is kept is found by the token's hash.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import aiohttp

from vedette.auth import tokens
from vedette.model.errors import NameTaken, NotFound, Unavailable
from vedette.model.ids import ProjectId, UserId
from vedette.store import projects
from vedette.store.db import Database
from vedette.store.identity import RANK, HeldToken, Principal
from vedette.telemetry import logs

KEPT_MS: Final = 30_000
"""How long an answer is believed."""
KEPT: Final = 4096
"""Answers that are kept at most."""
AT_ONCE: Final = 16
"""Questions under way at once."""
TIMEOUT_S: Final = 5.0
MARGIN_MS: Final = 60_000
"""Our own token is replaced that long before its end."""
ROLES: Final = {"admin": "admin", "member": "operator", "reader": "viewer"}
"""What Keystone's usual roles mean here. Nobody minds this installation by a role given elsewhere."""
_log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are for that Keystone; the domain is that of user and project."""

    url: str
    user: str
    password: str = field(repr=False)
    project: str
    domain: str


class Keystone:
    """Validates tokens.

    Args:
        session: speaks HTTP with the operator's own address.
        account: where, and as whom.
        db: takes over the projects of the tokens.
        clock: milliseconds since the epoch.
    """

    def __init__(
        self, session: aiohttp.ClientSession, account: Account, db: Database, clock: Callable[[], int]
    ) -> None:
        self._session = session
        self._account = account
        self._db = db
        self._clock = clock
        self._kept: OrderedDict[str, tuple[int, HeldToken]] = OrderedDict()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._logging_in = asyncio.Lock()
        self._own: tuple[str, int] | None = None

    async def token(self, token: str) -> HeldToken | None:
        """Return what Keystone knows of a token, or None where it does not hold or gives no right here.

        Raises:
            Unavailable: Keystone is away, or does not let us ask.
        """
        if not token.isascii() or not token.isprintable():
            return None
        name, now = tokens.fingerprint(token), self._clock()
        until, held = self._kept.get(name, (0, None))
        if held is None or not until - KEPT_MS <= now < until:
            async with self._at_once:
                held = _held(await self._ask(token), now)
            self._keep(name, held, now)
        return await self._at_home(held) if held is not None and (held.expires_at or 0) > now else None

    def _keep(self, name: str, held: HeldToken | None, now: int) -> None:
        self._kept.pop(name, None)
        if held is not None:
            self._kept[name] = (now + KEPT_MS, held)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _at_home(self, held: HeldToken) -> HeldToken | None:
        """Take the project into our table, and let it be used unless it is disabled here."""
        who = held.principal
        try:
            known = await self._db.read(projects.project, who.project_id)
            if known.name == who.project_name or known.domain != who.project_domain:
                return held if known.enabled else None
        except NotFound:
            _log.info("project of the external Keystone is taken over", project_id=who.project_id)
        try:
            known = await self._db.write(
                projects.take_over, who.project_id, who.project_name, who.project_domain, at=self._clock()
            )
        except NameTaken as error:
            raise Unavailable("The project's name changes just now.") from error
        return held if known.enabled else None

    async def _ask(self, token: str) -> Mapping[str, Any] | None:
        for again in (False, True):
            own = await self._own_token(fresh=again)
            headers = {"X-Auth-Token": own, "X-Subject-Token": token}
            status, document, _ = await self._call("GET", "/v3/auth/tokens?nocatalog=1", headers=headers)
            if status == 200 and isinstance(document, dict):
                return document
            if status == 404:
                return None
            if status != 401:
                break
        raise _away(f"Keystone answers {status} when it is asked about a token")

    async def _own_token(self, *, fresh: bool) -> str:
        asked_with = self._own
        async with self._logging_in:
            if fresh and self._own is asked_with:  # nobody else has logged in meanwhile
                self._own = None
            if self._own is None or self._own[1] - MARGIN_MS <= self._clock():
                self._own = await self._log_in()
            return self._own[0]

    async def _log_in(self) -> tuple[str, int]:
        domain = {"name": self._account.domain}
        user = {"name": self._account.user, "domain": domain, "password": self._account.password}
        scope = {"project": {"name": self._account.project, "domain": domain}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        status, document, token = await self._call("POST", "/v3/auth/tokens?nocatalog=1", body=body)
        if status != 201 or not token:
            raise _away(f"Keystone answers {status} to the log-in of the service's own user")
        return token, _ms(document["token"]["expires_at"])

    async def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> tuple[int, Any, str]:
        try:
            async with self._session.request(
                method,
                self._account.url.removesuffix("/").removesuffix("/v3") + path,
                headers=headers,
                json=body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ) as response:
                document = await response.json() if response.status in {200, 201} else None
                return response.status, document, response.headers.get("X-Subject-Token", "")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _away(f"Keystone cannot be asked: {type(error).__name__}") from error


def _held(document: Mapping[str, Any] | None, now: int) -> HeldToken | None:
    """Return what a token's document says, or None if it is for no project, or without a role that means something."""
    if document is None:
        return None
    try:
        token = document["token"]
        given = {ROLES[role["name"]] for role in token.get("roles", []) if role["name"] in ROLES}
        roles = tuple(sorted(given, key=RANK.__getitem__, reverse=True))
        if "project" not in token or not roles:
            return None
        user, project = token["user"], token["project"]
        principal = Principal(
            user_id=UserId(str(user["id"])),
            user_name=str(user["name"]),
            user_domain=f"keystone:{user['domain']['name']}",
            project_id=ProjectId(str(project["id"])),
            project_name=str(project["name"]),
            project_domain=f"keystone:{project['domain']['name']}",
            roles=roles,
        )
        issued = _ms(token["issued_at"]) if "issued_at" in token else now
        return HeldToken(principal, issued, _ms(token["expires_at"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _away("Keystone's answer is not what its API promises") from error


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _away(why: str) -> Unavailable:
    _log.error("the external Keystone cannot validate tokens", reason=why)
    return Unavailable("The external identity service cannot be asked about this token just now.")
