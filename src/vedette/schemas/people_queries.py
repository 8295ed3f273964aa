"""What lists of users, projects, roles and keys are narrowed by."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from vedette.schemas.common import Text, Wire

Named = Annotated[Text, Field(max_length=255)]


def _flag(value: Any) -> Any:
    """Take a name without a value for a yes, as Keystone does."""
    return True if value == "" else value


class Query(Wire):
    """Base of queries: text becomes numbers and truth values."""

    model_config = ConfigDict(strict=False)


class UsersQuery(Query):
    """Which users are wanted."""

    name: Named | None = None
    """The one of this name."""
    enabled: bool | None = None
    """Those who may log in, or those who may not."""
    domain_id: Named | None = None
    """Those of a domain; of any but `default` there are none."""


class ProjectsQuery(Query):
    """Which projects are wanted."""

    name: Named | None = None
    """The one of this name."""
    enabled: bool | None = None
    """Those that may be entered, or those that may not."""
    domain_id: Named | None = None
    """Those of a domain; of any but `default` there are none."""
    parent_id: Named | None = None
    """Those below a project or domain; below any but `default` there are none."""
    is_domain: bool | None = None
    """True asks for projects that are domains: there are none."""
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Number of the page, from 1; the vendor's, with `per_page`."""
    per_page: Annotated[int, Field(ge=1, le=5000)] | None = None
    """Projects on a page; all if absent."""


class RolesQuery(Query):
    """Which roles are wanted."""

    name: Named | None = None
    """The one of this name."""
    domain_id: Named | None = None
    """Those of one domain alone: there are none."""


class AssignmentsQuery(Query):
    """Which assignments of roles are wanted."""

    user_id: Annotated[Named | None, Field(alias="user.id")] = None
    """Those of a user."""
    project_id: Annotated[Named | None, Field(alias="scope.project.id")] = None
    """Those in a project."""
    role_id: Annotated[Named | None, Field(alias="role.id")] = None
    """Those of a role."""
    include_names: Annotated[bool, BeforeValidator(_flag)] = False
    """Whether names are told beside ids."""


class KeysQuery(Query):
    """Whose keys are wanted."""

    user_id: Named | None = None
    """A user; the caller if absent."""
