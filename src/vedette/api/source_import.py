"""`vedette source import FILE`: sources under the ids they had elsewhere, for people who migrate.

The file holds a JSON list, an object with a `video_source_list` (as the list operation answers), or one JSON object
a line. Each entry is a create-source body and its `video_source_id`. Running it again changes nothing.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from vedette.api.errors import invalid
from vedette.api.source_changes import insert
from vedette.model.errors import AlreadyExists, CallerError, Malformed, NotFound
from vedette.model.ids import ProjectId, VideoSourceId
from vedette.model.quota import USUAL, Quotas
from vedette.model.source import VideoSource
from vedette.schemas.source_info import source_of
from vedette.schemas.video_sources import VideoSourceImport
from vedette.store import video_sources
from vedette.store.db import Database
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the entries.

    Attributes:
        added: names of sources that are new.
        unchanged: names of sources that were there already, as they are in the file.
        refused: name (or position) of an entry, and why.
    """

    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


async def import_sources(
    db: Database, vault: Vault, project_id: ProjectId, text: str, clock: Callable[[], int], usual: Quotas = USUAL
) -> ImportReport:
    """Register the sources of a file; entries that are at fault are refused by name, the others are taken.

    Raises:
        Malformed: the text is no JSON of the three forms.
        Unavailable: the database is away.
    """
    added: list[str] = []
    unchanged: list[str] = []
    refused: list[tuple[str, str]] = []
    for position, entry in enumerate(entries(text), start=1):
        name = _name(entry, position)
        try:
            source = _source(entry, project_id, clock())
            new = await db.write(_take, vault, source, usual)
        except CallerError as error:
            refused.append((name, error.message))
        else:
            (added if new else unchanged).append(name)
    return ImportReport(tuple(added), tuple(unchanged), tuple(refused))


def entries(text: str) -> Sequence[Any]:
    """Return the entries of a file.

    Raises:
        Malformed: the text is no JSON of the three forms.
    """
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        return _lines(text)
    if isinstance(whole, dict):
        whole = whole.get("video_source_list", [whole])
    if not isinstance(whole, list):
        raise Malformed("The file holds neither a list of sources nor one source a line.")
    return whole


def _lines(text: str) -> list[Any]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                raise Malformed(f"Line {number} is no JSON.") from None
    return found


def _name(entry: Any, position: int) -> str:
    name = entry.get("video_source_name") if isinstance(entry, dict) else None
    return name[:100] if isinstance(name, str) and name else f"entry {position}"


def _source(entry: Any, project_id: ProjectId, at: int) -> VideoSource:
    if not isinstance(entry, dict):
        raise Malformed("It is no JSON object.")
    try:
        received = VideoSourceImport.model_validate(entry)
    except ValidationError as error:
        raise invalid(error) from None
    return source_of(received, project_id, received.video_source_id, at)


def _take(conn: Connection, vault: Vault, source: VideoSource, usual: Quotas) -> bool:
    """Write a source; return False if it is there already, just so."""
    try:
        known = video_sources.get(conn, vault, ProjectId(source.project_id), VideoSourceId(source.id))
    except NotFound:
        insert(conn, vault, source, usual)
        return True
    if replace(known, create_at=source.create_at) != source:
        raise AlreadyExists(f"The project has another video source {source.id}.", param="video_source_id")
    return False
