"""The answers of the identity service on itself and on tokens, described."""

from typing import Annotated

from pydantic import Field

from vedette.schemas.common import Wire


class Link(Wire):
    """A link."""

    rel: str
    """What it is to this document."""
    href: str
    """Its address."""


class IdentityVersion(Wire):
    """Which identity API this is."""

    id: str
    """Its version."""
    status: str
    """Always `stable`."""
    updated: str
    """When that version was published."""
    links: list[Link]
    """Where it is."""
    media_types: Annotated[list[str], Field(alias="media-types")]
    """Always empty."""


class IdentityVersionAnswer(Wire):
    """The version document."""

    version: IdentityVersion
    """The only version."""


class DomainInfo(Wire):
    """A domain; here its id is its name in lower case."""

    id: str
    """Its id."""
    name: str
    """Its name."""


class TokenUser(Wire):
    """Whose token it is."""

    id: str
    """Id of the user."""
    name: str
    """Name of the user."""
    domain: DomainInfo
    """Domain of the user."""
    password_expires_at: None
    """Always `null`: passwords do not expire."""


class TokenProject(Wire):
    """What the token is for."""

    id: str
    """Id of the project: what stands in the paths."""
    name: str
    """Name of the project."""
    domain: DomainInfo
    """Domain of the project."""


class TokenRole(Wire):
    """What the user may do."""

    id: str
    """The role."""
    name: str
    """The same."""


class TokenEndpoint(Wire):
    """An address of a service."""

    id: str
    """Id of the endpoint."""
    interface: str
    """Always `public`."""
    region: str
    """Always `local`."""
    region_id: str
    """The same."""
    url: str
    """The address."""


class TokenService(Wire):
    """A service of the catalog."""

    id: str
    """Its id."""
    type: str
    """`vias` or `identity`."""
    name: str
    """Its name."""
    endpoints: list[TokenEndpoint]
    """Its addresses."""


class TokenDocument(Wire):
    """A token, as it is known."""

    methods: list[str]
    """How it was got."""
    issued_at: str
    """When it was made, in microseconds UTC."""
    expires_at: str
    """When it ends."""
    user: TokenUser
    """Whose it is."""
    project: TokenProject
    """What it is for."""
    roles: list[TokenRole]
    """What its user may do there."""
    catalog: list[TokenService] | None = None
    """Where the services are; left out when the query has `nocatalog`."""


class TokenAnswer(Wire):
    """The document of a token; the token itself is in the header `X-Subject-Token`."""

    token: TokenDocument
    """The token."""
