"""The answers about users, projects, roles and access keys, in Keystone's and the vendor's shapes."""

from pydantic import Field

from vedette.schemas.common import Wire
from vedette.schemas.people import Status


class SelfLink(Wire):
    """Where something can be read."""

    self: str
    """Its address."""


class ListLinks(SelfLink):
    """Where a list can be read; it is never cut."""

    next: str | None
    """Always null."""
    previous: str | None
    """Always null."""


class DomainInfo(Wire):
    """The one domain."""

    id: str
    """`default`."""
    name: str
    """`Default`."""
    enabled: bool
    """Always true."""
    description: str
    """What it is."""
    links: SelfLink
    """Where it can be read."""


class UserInfo(Wire):
    """A user."""

    id: str
    """Their id."""
    name: str
    """Their name."""
    domain_id: str
    """Id of the domain."""
    description: str
    """Whatever was given."""
    enabled: bool
    """Whether they may log in and call."""
    password_expires_at: str | None
    """Always null: passwords do not expire."""
    links: SelfLink
    """Where they can be read."""


class ProjectInfo(Wire):
    """A project."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    domain_id: str
    """Id of the domain."""
    parent_id: str
    """Id of the domain."""
    is_domain: bool
    """Always false."""
    description: str
    """Whatever was given."""
    enabled: bool
    """Whether it may be entered."""
    links: SelfLink
    """Where it can be read."""


class RoleInfo(Wire):
    """A role."""

    id: str
    """Its id, which is its name."""
    name: str
    """`te_admin`, `admin`, `operator` or `viewer`."""
    domain_id: str | None
    """Always null: roles are of no domain."""
    description: str
    """What it allows."""
    links: SelfLink
    """Where it can be read."""


class Ref(Wire):
    """A thing by its id, with its name where names were asked for."""

    id: str
    """Its id."""
    name: str | None = None
    """Its name."""
    domain: "Ref | None" = None
    """Its domain, where names were asked for."""


class ProjectScope(Wire):
    """Where a role is held."""

    project: Ref
    """The project."""


class AssignmentInfo(Wire):
    """A role that a user holds in a project."""

    role: Ref
    """The role."""
    user: Ref
    """The user."""
    scope: ProjectScope
    """Where."""
    links: dict[str, str]
    """Where it can be read."""


class KeyInfo(Wire):
    """An access key."""

    access: str
    """Its name, which signatures tell."""
    user_id: str
    """Whose it is."""
    project_id: str
    """Ours. The project it opens."""
    status: Status
    """Whether it may be used."""
    create_time: str
    """When it was made."""
    description: str
    """What it is for."""


class NewKeyInfo(KeyInfo):
    """An access key that was just made."""

    secret: str
    """What requests are signed with: told here, and never again."""


class UserAnswer(Wire):
    """A user."""

    user: UserInfo
    """The user."""


class UsersAnswer(Wire):
    """Users."""

    users: list[UserInfo]
    """The users, by name."""
    links: ListLinks
    """Where the list can be read."""


class ProjectAnswer(Wire):
    """A project."""

    project: ProjectInfo
    """The project."""


class ProjectsAnswer(Wire):
    """Projects."""

    projects: list[ProjectInfo]
    """The projects, by name."""
    links: ListLinks
    """Where the list can be read."""


class DomainAnswer(Wire):
    """A domain."""

    domain: DomainInfo
    """The domain."""


class DomainsAnswer(Wire):
    """Domains."""

    domains: list[DomainInfo]
    """The one domain."""
    links: ListLinks
    """Where the list can be read."""


class RoleAnswer(Wire):
    """A role."""

    role: RoleInfo
    """The role."""


class RolesAnswer(Wire):
    """Roles."""

    roles: list[RoleInfo]
    """The roles, the highest first."""
    links: ListLinks
    """Where the list can be read."""


class AssignmentsAnswer(Wire):
    """Who holds which roles."""

    role_assignments: list[AssignmentInfo]
    """By project and user."""
    links: ListLinks
    """Where the list can be read."""


class KeyAnswer(Wire):
    """An access key."""

    credential: KeyInfo
    """The access key."""


class NewKeyAnswer(Wire):
    """An access key that was just made."""

    credential: NewKeyInfo = Field(repr=False)
    """The access key and its secret."""


class KeysAnswer(Wire):
    """Access keys."""

    credentials: list[KeyInfo]
    """The keys, oldest first."""
