"""A register of a project: things with a name and secrets, each of which serves some names, or all that no other does."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, Table, delete, select, update

from vedette.model.errors import AlreadyExists, InvalidParameter, NotFound, QuotaReached
from vedette.model.ids import ProjectId
from vedette.store.tables import insert_new, projects
from vedette.store.vault import Vault


class Entry(Protocol):
    """What is registered."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def created_at(self) -> int: ...
    @property
    def updated_at(self) -> int: ...


T = TypeVar("T", bound=Entry)


@dataclass(frozen=True, slots=True)
class Register(Generic[T]):
    """The rows of one table: `project_id`, `name`, `kind`, what is served as a JSON list, and the sealed entry.

    Attributes:
        noun: what an entry is called, such as `broker`.
        param: the parameter of paths that names one.
        served: the column with the names that an entry serves, such as `streams`.
        names: returns these names.
        most: entries of one project.
    """

    table: Table
    type: type[T]
    noun: str
    param: str
    served: str
    names: Callable[[T], Sequence[str]]
    most: int

    def all_of(self, conn: Connection, vault: Vault, project_id: ProjectId) -> list[T]:
        """Return the entries of a project, by name."""
        table = self.table
        rows = conn.execute(select(table.c.config).where(table.c.project_id == project_id).order_by(table.c.name))
        return [vault.unseal(row.config, self.type) for row in rows]

    def get(self, conn: Connection, vault: Vault, project_id: ProjectId, name: str) -> T:
        """Return an entry of the project.

        Raises:
            NotFound: the project has none with that name.
        """
        here = (self.table.c.project_id == project_id, self.table.c.name == name)
        row = conn.execute(select(self.table.c.config).where(*here)).first()
        if row is None:
            raise self._unknown(name)
        return vault.unseal(row.config, self.type)

    def hold(self, conn: Connection, project_id: ProjectId) -> None:
        """Keep others from changing the project's entries until the transaction ends."""
        conn.execute(select(projects.c.id).where(projects.c.id == project_id).with_for_update())

    def insert(self, conn: Connection, vault: Vault, project_id: ProjectId, entry: T) -> None:
        """Write a new entry.

        Raises:
            AlreadyExists: the project has one with that name.
            InvalidParameter: another serves one of its names, or all the others, already.
            QuotaReached: the project has as many as it may.
        """
        self.hold(conn, project_id)
        known = self.all_of(conn, vault, project_id)
        if any(other.name == entry.name for other in known):
            article = "an" if self.noun[0] in "aeiou" else "a"
            raise AlreadyExists(f"There is {article} {self.noun} {entry.name} already.", param="name")
        if len(known) >= self.most:
            raise QuotaReached(f"The project has {self.most} {self.noun}s, and cannot have more.")
        self._check(entry, known)
        key = {"project_id": project_id, "name": entry.name, "created_at": entry.created_at}
        insert_new(conn, self.table, [key | self._columns(vault, entry)])

    def rewrite(self, conn: Connection, vault: Vault, project_id: ProjectId, entry: T) -> None:
        """Write how an entry is now.

        Raises:
            InvalidParameter: another serves one of its names, or all the others, already.
        """
        self.hold(conn, project_id)
        self._check(entry, self.all_of(conn, vault, project_id))
        here = (self.table.c.project_id == project_id, self.table.c.name == entry.name)
        conn.execute(update(self.table).where(*here).values(self._columns(vault, entry)))

    def remove(self, conn: Connection, project_id: ProjectId, name: str) -> None:
        """Forget an entry.

        Raises:
            NotFound: the project has none with that name.
        """
        here = (self.table.c.project_id == project_id, self.table.c.name == name)
        if conn.execute(delete(self.table).where(*here)).rowcount == 0:
            raise self._unknown(name)

    def serving(self, conn: Connection, vault: Vault, project_id: ProjectId, name: str) -> T | None:
        """Return the entry that serves a name: the one that says so, else the one that names none."""
        known = self.all_of(conn, vault, project_id)
        named = (entry for entry in known if name in self.names(entry))
        return next(named, None) or next((entry for entry in known if not self.names(entry)), None)

    def _check(self, entry: T, known: Iterable[T]) -> None:
        """Check that it stays clear who serves what."""
        for other in known:
            if other.name == entry.name:
                continue
            mine, theirs = self.names(entry), self.names(other)
            if not theirs and not mine:
                raise InvalidParameter(
                    f"The {self.noun} {other.name} has all {self.served} that no {self.noun} names: name those of this one.",
                    param=self.served,
                )
            if shared := set(theirs) & set(mine):
                raise InvalidParameter(
                    f"The {self.noun} {other.name} has the {self.served[:-1]} {min(shared)} already.", param=self.served
                )

    def _unknown(self, name: str) -> NotFound:
        return NotFound(f"There is no {self.noun} {name}.", param=self.param)

    def _columns(self, vault: Vault, entry: T) -> dict[str, object]:
        return {
            "kind": entry.kind,
            self.served: json.dumps(self.names(entry)),
            "config": vault.seal(entry),
            "updated_at": entry.updated_at,
        }
