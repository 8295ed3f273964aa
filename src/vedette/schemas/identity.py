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
    name: Name | None = None


class User(Wire):
    """Who logs in: by id, or by name and domain."""

    id: Name | None = None
    name: Name | None = None
    domain: Domain | None = None
    password: Secret


class PasswordMethod(Wire):
    """The password method."""

    user: User


class Identity(Wire):
    """How somebody logs in; of the methods only `password` is known here."""

    methods: Annotated[list[str], Field(min_length=1, max_length=10)]
    password: PasswordMethod | None = None


class Project(Wire):
    """The project a token is for."""

    id: Name | None = None
    name: Name | None = None
    domain: Domain | None = None


class Scope(Wire):
    """What a token is for."""

    project: Project | None = None
    domain: Domain | None = None


class Auth(Wire):
    """Identity and scope."""

    identity: Identity
    scope: Scope | None = None


class AuthRequest(Wire):
    """The body of `POST /v3/auth/tokens`."""

    auth: Auth
