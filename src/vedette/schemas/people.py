"""Users, projects, roles and access keys, as Keystone and the vendor's identity service write them.

Fields of theirs that mean nothing here are refused by name, unless they hold what is true here anyway.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from vedette.schemas.common import Description, Rule, Text, Wire
from vedette.schemas.identity import Name, Secret

DOMAIN_ID: Final = "default"
NEUTRAL: Final[dict[str, Any]] = {
    "email": "",
    "areacode": "",
    "phone": "",
    "xuser_id": "",
    "xuser_type": "",
    "pwd_status": False,
    "access_mode": "default",
}
"""Fields of a user that are not kept here, and the one value of each that says so."""


def _domain(value: str) -> str:
    if value.lower() != DOMAIN_ID:
        raise ValueError(f"there is one domain, {DOMAIN_ID}")
    return value


def _kept(value: Any) -> Any:
    for name, neutral in NEUTRAL.items() if isinstance(value, dict) else ():
        if value.get(name) not in (None, neutral):
            raise ValueError(f"{name} is not kept here")
    return value


DomainId = Annotated[Text, Rule(_domain, {"pattern": "^[Dd][Ee][Ff][Aa][Uu][Ll][Tt]$"})]
NewPassword = Annotated[str, Field(min_length=8, max_length=1024)]
Status = Literal["active", "inactive"]


class UserCreate(Wire):
    """A user to be made."""

    name: Name
    """Unique among the users."""
    password: NewPassword | None = Field(default=None, repr=False)
    """8 characters at least; without it nobody can log in as this user."""
    description: Description = ""
    """Whatever helps to tell users apart."""
    enabled: bool = True
    """Whether the user may log in and call."""
    domain_id: DomainId | None = None
    """The one domain."""
    default_project_id: Name | None = None
    """A project in which the user becomes a viewer; a project's administrator makes users of their own project alone."""

    @model_validator(mode="before")
    @classmethod
    def kept(cls, value: Any) -> Any:
        """Refuse what is not kept here."""
        return _kept(value)


class UserUpdate(Wire):
    """What may be changed of a user; what is absent stays."""

    name: Name | None = None
    """Unique among the users."""
    password: NewPassword | None = Field(default=None, repr=False)
    """A new one, for somebody who lost theirs; it ends their tokens."""
    description: Description | None = None
    """Whatever helps to tell users apart."""
    enabled: bool | None = None
    """False ends the user's tokens, and refuses their keys and log-ins."""
    domain_id: DomainId | None = None
    """The one domain."""

    @model_validator(mode="before")
    @classmethod
    def kept(cls, value: Any) -> Any:
        """Refuse what is not kept here."""
        return _kept(value)


class PasswordChange(Wire):
    """A new password for oneself."""

    password: NewPassword = Field(repr=False)
    """The new one."""
    original_password: Secret
    """The present one."""


class ProjectCreate(Wire):
    """A project to be made."""

    name: Name
    """Unique among the projects."""
    description: Description = ""
    """Whatever helps to tell projects apart."""
    enabled: bool = True
    """Whether anybody may enter it."""
    domain_id: DomainId | None = None
    """The one domain."""
    parent_id: DomainId | None = None
    """The domain: projects are not nested."""
    is_domain: Literal[False] | None = None
    """A project is no domain."""


class ProjectUpdate(Wire):
    """What may be changed of a project; what is absent stays."""

    name: Name | None = None
    """Unique among the projects."""
    description: Description | None = None
    """Whatever helps to tell projects apart."""
    enabled: bool | None = None
    """False ends its tokens and refuses its keys; its tasks go on."""
    domain_id: DomainId | None = None
    """The one domain."""


class KeyCreate(Wire):
    """An access key to be made."""

    user_id: Name
    """Whose it is."""
    description: Description = ""
    """What it is for."""
    project_id: Name | None = None
    """Ours. The project it opens; the caller's if absent."""


class KeyUpdate(Wire):
    """What may be changed of an access key; what is absent stays."""

    status: Status | None = None
    """Whether it may be used."""
    description: Description | None = None
    """What it is for."""


class NewUser(Wire):
    """The body of `POST /v3/users`."""

    user: UserCreate
    """The user."""


class ChangedUser(Wire):
    """The body of `PATCH /v3/users/{user_id}`."""

    user: UserUpdate
    """What is changed."""


class ChangedPassword(Wire):
    """The body of `POST /v3/users/{user_id}/password`."""

    user: PasswordChange
    """The new password and the present one."""


class NewProject(Wire):
    """The body of `POST /v3/projects`."""

    project: ProjectCreate
    """The project."""


class ChangedProject(Wire):
    """The body of `PATCH /v3/projects/{project_id}`."""

    project: ProjectUpdate
    """What is changed."""


class NewKey(Wire):
    """The body of `POST /v3.0/OS-CREDENTIAL/credentials`."""

    credential: KeyCreate
    """The access key."""


class ChangedKey(Wire):
    """The body of `PUT /v3.0/OS-CREDENTIAL/credentials/{access_key}`."""

    credential: KeyUpdate
    """What is changed."""
