"""What an update of a batch means: for the batch, for its entries, and for each child that is there."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry, check_config
from vedette.control import terms, updates
from vedette.control.expansion import check_region, child_id, document_of, plan, without_sources
from vedette.model.batch import Batch, BatchChange, Entry
from vedette.model.ids import ProjectId, TaskId
from vedette.model.secrets import unmask
from vedette.store import batches, tasks
from vedette.store.batches import Child
from vedette.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Changer:
    """Changes batches and their children."""

    vault: Vault
    registry: Registry

    def note(self, conn: Connection, project_id: ProjectId, batch_id: str, change: BatchChange, now: int) -> Batch:
        """Write what is asked for; the children are brought in line with it afterwards.

        Raises:
            NotFound: the project has no such batch.
            InvalidParameter: a rule is broken that holds for all children.
            NotReferable: the service or the order do not exist.
            TaskNameTaken: another batch task of the project has the new name.
        """
        batch = batches.get(conn, self.vault, project_id, batch_id)
        document = replace(batch.document, **change.fields())
        if change.output is not None:
            blank = Entry(0, "", None)
            output = unmask(document_of(replace(batch, document=document), blank), document_of(batch, blank)).output
            document = replace(document, output=output)
        algorithm = self.registry.find(document.service_name, document.service_version)
        check_config(algorithm, document.config)
        terms.check(conn, project_id, document, now, batch.document)
        entries: tuple[Entry, ...] = ()
        numbered = batch.numbered
        if change.groups is not None:
            document = replace(document, groups=without_sources(change.groups))
            wanted = plan(conn, project_id, change.groups, 0)
            entries, numbered = _numbered(batch, wanted, batches.children(conn, batch_id))
            change = replace(change, groups=document.groups)
        changed = replace(batch, document=document, expanded=False, numbered=numbered, entries=entries, change=change)
        batches.rewrite(conn, self.vault, changed)
        return changed

    def alter(self, conn: Connection, batch: Batch, child: TaskId, entry: Entry, actor: str, now: int) -> bool:
        """Let one child take over a change; False if somebody else moved it meanwhile.

        Raises:
            CallerError: the child cannot take it over.
        """
        project_id = ProjectId(batch.project_id)
        tasks.lock(conn, project_id, child)
        task = tasks.get(conn, self.vault, project_id, child)
        change = batch.change or BatchChange()
        given = change.fields()
        if change.name is not None:
            given["name"] = f"{change.name}_{entry.n}"
        if change.groups is not None:
            given["target_roi"] = entry.target_roi
        check_region(self.registry, replace(task.document, **given))
        return updates.apply(conn, self.vault, self.registry, task, given, actor=actor, now_ms=now)


def split(batch: Batch, children: Sequence[Child]) -> tuple[list[tuple[TaskId, Entry]], list[TaskId]]:
    """Return the children that take over a change, with their entries, and those that are to go."""
    here = [child for child in children if not child.leaving]
    if batch.change is not None and batch.change.groups is not None:
        wanted = {child_id(batch.id, entry.n): entry for entry in batch.entries}
        stay = [(child.id, wanted[child.id]) for child in here if child.id in wanted]
        return stay, [child.id for child in here if child.id not in wanted]
    numbers = _numbers(batch)
    return [(child.id, Entry(numbers[child.id], child.group_id, child.source_id)) for child in here], []


def _numbered(batch: Batch, wanted: Sequence[Entry], children: Sequence[Child]) -> tuple[tuple[Entry, ...], int]:
    """Return the entries with the numbers of the children that are there, new numbers for the others, and the next."""
    numbers = _numbers(batch)
    there: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    for child in children:
        if not child.leaving:
            there[child.group_id, child.source_id].append(numbers[child.id])
    for known in there.values():
        known.sort(reverse=True)
    following, entries = batch.numbered, []
    for entry in wanted:
        known = there[entry.group_id, entry.source_id]
        if known:
            entries.append(replace(entry, n=known.pop()))
        else:
            entries.append(replace(entry, n=following))
            following += 1
    return tuple(entries), following


def _numbers(batch: Batch) -> dict[TaskId, int]:
    """Return the number of every child the batch ever had: it is in the id."""
    return {child_id(batch.id, n): n for n in range(batch.numbered)}
