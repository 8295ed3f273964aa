"""The answers of the identity service, in Keystone's shape."""

from datetime import UTC, datetime
from typing import Any, Final, Protocol

NEVER_MS: Final = 4_102_444_800_000
"""2100-01-01: what a token without an end tells as its end, for clients that must have one."""


class Place(Protocol):
    """Somebody in one project."""

    @property
    def user_id(self) -> str: ...
    @property
    def user_name(self) -> str: ...
    @property
    def user_domain(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    @property
    def project_name(self) -> str: ...
    @property
    def project_domain(self) -> str: ...
    @property
    def roles(self) -> tuple[str, ...]: ...


class Held(Protocol):
    """A token as it is known."""

    @property
    def principal(self) -> Place: ...
    @property
    def issued_at(self) -> int: ...
    @property
    def expires_at(self) -> int | None: ...


def token_info(held: Held, base: str | None) -> dict[str, Any]:
    """Return the document of a token, with the catalog if `base` (the service's address) is given."""
    who = held.principal
    token: dict[str, Any] = {
        "methods": ["password"],
        "issued_at": time_text(held.issued_at),
        "expires_at": time_text(NEVER_MS if held.expires_at is None else held.expires_at),
        "user": {
            "id": who.user_id,
            "name": who.user_name,
            "domain": _domain(who.user_domain),
            "password_expires_at": None,
        },
        "project": {"id": who.project_id, "name": who.project_name, "domain": _domain(who.project_domain)},
        "roles": [{"id": role, "name": role} for role in who.roles],
    }
    if base is not None:
        token["catalog"] = _catalog(base, who.project_id)
    return {"token": token}


def _domain(name: str) -> dict[str, str]:
    """Return a domain; its id is its name in lower case, as Keystone's own `default` is."""
    return {"id": name.lower(), "name": name}


def time_text(at_ms: int) -> str:
    """Return a time as Keystone writes it."""
    seconds, ms = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}000Z"


def _catalog(base: str, project_id: str) -> list[dict[str, Any]]:
    return [
        _service("vias", f"{base}/v2/{project_id}"),
        _service("identity", f"{base}/v3"),
    ]


def _service(name: str, url: str) -> dict[str, Any]:
    endpoint = {"id": f"{name}-public", "interface": "public", "region": "local", "region_id": "local", "url": url}
    return {"id": name, "type": name, "name": name, "endpoints": [endpoint]}
