"""The part of Keystone's identity documents that clients of this API send.

The scope comes in three dresses: a project by id, by name within the user's domain, or by name and domain.
"""

from typing import Annotated

from pydantic import Field

from vedette.schemas.common import Text, Wire

Name = Annotated[Text, Field(min_length=1, max_length=255)]
Secret = Annotated[str, Field(max_length=1024, repr=False)]


class Domain(Wire):
    """A domain, by id or by name."""

    id: Name | None = None
    """Id of the domain."""
    name: Name | None = None
    """Its name."""


class User(Wire):
    """Who logs in: by id, or by name and domain."""

    id: Name | None = None
    """Id of the user."""
    name: Name | None = None
    """Their name; then the domain is needed, unless it bears the same name."""
    domain: Domain | None = None
    """The domain the name is of."""
    password: Secret
    """The password."""


class PasswordMethod(Wire):
    """The password method."""

    user: User
    """Who logs in."""


class Identity(Wire):
    """How somebody logs in; of the methods only `password` is known here."""

    methods: Annotated[list[str], Field(min_length=1, max_length=10)]
    """Must name `password`."""
    password: PasswordMethod | None = None
    """User and password."""


class Project(Wire):
    """The project a token is for."""

    id: Name | None = None
    """Id of the project."""
    name: Name | None = None
    """Its name, within the domain."""
    domain: Domain | None = None
    """The domain the name is of; without it, the user's."""


class Scope(Wire):
    """What a token is for."""

    project: Project | None = None
    """The project."""
    domain: Domain | None = None
    """A domain: refused, also beside a project, for a token is always for a project alone."""


class Auth(Wire):
    """Identity and scope."""

    identity: Identity
    """Who asks."""
    scope: Scope | None = None
    """What for; a user with a single project may leave it out."""


class AuthRequest(Wire):
    """The body of `POST /v3/auth/tokens`."""

    auth: Auth
    """Identity and scope."""
