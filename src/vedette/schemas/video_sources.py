"""The bodies and queries of video sources."""

from typing import Annotated, Final

from pydantic import Field

from vedette.model.source import AccessType, SourceKind, SourceLevel
from vedette.schemas.common import (
    LATITUDE,
    LONGITUDE,
    OBJECT_ID,
    SOURCE_NAME,
    TAG,
    ObjectId,
    Text,
    Unique,
    Wire,
    of_form,
    one_of,
)
from vedette.schemas.listing import PagedQuery, listed, listed_as

MAX_XML: Final = 1024
MAX_TAGS: Final = 4
ELSEWHERE: Final = "ivm"
"""A kind that filters may name, though no source can be made of it."""

SourceName = Annotated[str, of_form(SOURCE_NAME)]
Latitude = Annotated[str, of_form(LATITUDE)]
Longitude = Annotated[str, of_form(LONGITUDE)]
Tags = Annotated[list[Annotated[str, of_form(TAG)]], Field(max_length=MAX_TAGS), Unique]
TypeConfig = Annotated[Text, Field(min_length=1, max_length=MAX_XML, repr=False)]
Access = Annotated[str, one_of(tuple(AccessType), "it must be cloud or edge")]
Kind = Annotated[str, one_of(tuple(SourceKind))]


class VideoSourceCreate(Wire):
    """The body of a create-source request."""

    video_source_name: SourceName
    """Name of the source, once in a project; no space at either end."""
    access_type: Access
    """`cloud` if the service reaches the source itself, `edge` if a node beside it does."""
    type: Kind
    """Kind of the source."""
    type_config: TypeConfig
    """What is opened, as XML in either dialect; which elements it needs depends on the kind."""
    latitude: Latitude | None = None
    """Degrees, with five decimals at most."""
    longitude: Longitude | None = None
    """Degrees, with five decimals at most."""
    tag: Tags | None = None
    """Labels, to find it by."""
    video_group_ids: list[ObjectId] | None = None
    """Groups to put it in; they must have the same access type."""


class VideoSourceImport(VideoSourceCreate):
    """One entry of an import file: a source under the id it had elsewhere."""

    video_source_id: Annotated[str, of_form(OBJECT_ID)]
    """Its id."""


class VideoSourceUpdate(Wire):
    """The body of an update-source request. What is optional stays as it is if it is absent; `null` removes it."""

    video_source_name: Annotated[str, of_form(f"({SOURCE_NAME})?")]
    """The new name; empty to leave it."""
    type_config: TypeConfig
    """What is opened from now on; `******` leaves a stored secret, as long as the host stays the same."""
    latitude: Latitude | None = None
    """Degrees, with five decimals at most."""
    longitude: Longitude | None = None
    """Degrees, with five decimals at most."""
    tag: Tags | None = None
    """Labels, to find it by."""
    type: Kind | None = None
    """Clients send it; it must be the kind that the source has."""
    access_type: Access | None = None
    """Clients send it; it must be the access type that the source has."""


class SourceQuery(PagedQuery):
    """The query of the list of sources."""

    scope: Annotated[Text, Field(max_length=255)] = ""
    """A part of a name."""
    scope_name: Annotated[str, one_of(("", "source_name", "group_name"))] = "source_name"
    """Whose name `scope` is looked for in: the source's, or that of a group it is in."""
    status: Annotated[list[str], listed(tuple(SourceLevel))] = Field(default_factory=list)
    """Statuses: `1` online, `2` offline, `9` exception."""
    type: Annotated[list[str], listed((*SourceKind, ELSEWHERE))] = Field(default_factory=list)
    """Kinds of source."""
    video_group_id: Annotated[list[str], listed_as(r"[0-9a-zA-Z_-]{1,36}")] = Field(default_factory=list)
    """Groups, of which a source must be in one."""
    access_type: Annotated[list[str], listed(tuple(AccessType))] = Field(default_factory=list)
    """Access types."""
    sort_name: Annotated[str, one_of(("create_at", "num_task", "num_template"))] = "create_at"
    """What to sort by: time of creation, number of tasks, number of templates."""
    platform_name: Annotated[Text, Field(max_length=100)] = ""
    """A part of the name of the platform (or the address of the server) the configuration names."""
    tag: Annotated[Text, Field(max_length=255)] = ""
    """A label, or several joined by commas, of which a source must have one."""
