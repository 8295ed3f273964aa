"""From a batch task to its children: which there are to be, and how a few of them are made in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry
from vedette.control import terms
from vedette.control.creation import activated
from vedette.control.services import check_models, deploy_type
from vedette.control.task_rules import ROI, check_service
from vedette.model.batch import Batch, BatchGroup, Entry, Failure
from vedette.model.errors import CallerError, InvalidParameter, NotReferable, TaskNameTaken, TaskQuotaReached
from vedette.model.ids import ProjectId, TaskId, derived_uuid
from vedette.model.lifecycle import State
from vedette.model.quota import Quotas, Resource
from vedette.model.source import AccessType, InputDatum, InputType, TaskInput
from vedette.model.task import Task, TaskDocument
from vedette.store import batches, quotas, tasks, templates
from vedette.store.vault import Vault

MOST: Final = 10_000
"""Children of one batch."""


def child_id(batch_id: str, n: int) -> TaskId:
    """Return the id of a child: always the same, so that making it again makes nothing."""
    return TaskId(derived_uuid("child", batch_id, n).replace("-", "").lower())


def plan(conn: Connection, project_id: ProjectId, groups: Sequence[BatchGroup], first: int) -> tuple[Entry, ...]:
    """Return an entry for each source, numbered from `first`; a group without a list gives all it has now.

    A group that is named without sources and has none is one entry all the same: one that fails.

    Raises:
        InvalidParameter: there are more than 10,000.
    """
    found: list[tuple[str, str | None, str | None]] = []
    for group in groups:
        group_id = group.video_source_group_id
        if group.video_source_list:
            found += [(group_id, one.video_source_id, one.target_roi) for one in group.video_source_list]
        else:
            members = batches.members(conn, project_id, group_id)
            found += [(group_id, source_id, None) for source_id in members] or [(group_id, None, None)]
        if len(found) > MOST:
            raise InvalidParameter(f"A batch task may have {MOST} children.", param="video_source_group")
    return tuple(Entry(n, *one) for n, one in enumerate(found, first))


def without_sources(groups: Sequence[BatchGroup]) -> tuple[BatchGroup, ...]:
    """Return each group once; its sources are the entries' matter."""
    return tuple(BatchGroup(group_id) for group_id in dict.fromkeys(one.video_source_group_id for one in groups))


def check_region(registry: Registry, document: TaskDocument) -> str:
    """Return where a child's service runs: `cloud` or `edge`.

    Raises:
        NotReferable: there is no such service.
        InvalidParameter: the child has a region of its own, and the algorithm has no parameter for it.
    """
    manifest = registry.find(document.service_name, document.service_version).manifest
    if document.target_roi is not None and ROI not in manifest.config.model_fields:
        raise InvalidParameter(f"The service {document.service_name} has no parameter {ROI}.", param=ROI)
    return deploy_type(manifest, document.service_name)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the store says of a few entries."""

    groups: set[str]
    memberships: set[tuple[str, str]]
    access_types: dict[str, AccessType]


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the children of batches."""

    vault: Vault
    registry: Registry
    quotas: Quotas

    def make(self, conn: Connection, batch: Batch, entries: Sequence[Entry], now: int) -> list[Failure | None] | None:
        """Make the children of a few entries that are not there yet.

        Returns:
            For each entry why it has no child, or None if it has one; no list at all if the batch is being deleted.
        """
        if not batches.hold(conn, batch.id):
            return None
        there = batches.made(conn, [child_id(batch.id, entry.n) for entry in entries])
        missing = [entry for entry in entries if child_id(batch.id, entry.n) not in there]
        if not missing:
            return [None] * len(entries)
        try:
            warnings = terms.check(conn, ProjectId(batch.project_id), batch.document, now)
            self.registry.find(batch.document.service_name, batch.document.service_version)
        except CallerError as error:
            return [None if child_id(batch.id, one.n) in there else Failure(error.message) for one in entries]
        seen = _look(conn, batch, missing)
        outcome: dict[int, Task | Failure] = {one.n: self._child(batch, one, seen, warnings, now) for one in missing}
        self._write(conn, ProjectId(batch.project_id), outcome)
        failed = {n: found for n, found in outcome.items() if isinstance(found, Failure)}
        return [failed.get(entry.n) for entry in entries]

    def _child(self, batch: Batch, entry: Entry, seen: _Seen, about_order: tuple[str, ...], now: int) -> Task | Failure:
        document = document_of(batch, entry)
        try:
            _check(entry, seen, check_region(self.registry, document))
            about_config = check_service(self.registry, document)
            check_models(self.registry, document.service_name, document.service_version)
        except CallerError as error:
            return Failure(error.message, _where(entry) if entry.group_id in seen.groups else None)
        return Task(
            id=child_id(batch.id, entry.n),
            project_id=ProjectId(batch.project_id),
            creator=batch.creator,
            document=document,
            state=State.PENDING,
            created_at=now,
            updated_at=now,
            batch_id=batch.id,
            group_id=entry.group_id,
            warnings=about_config + about_order,
            **activated(document.schedule, now),
        )

    def _write(self, conn: Connection, project_id: ProjectId, outcome: dict[int, Task | Failure]) -> None:
        """Write the new tasks; one for which there is no place, or whose name is taken, becomes a failure."""
        wanted = [(n, task) for n, task in outcome.items() if isinstance(task, Task)]
        places, refusal = self._take(conn, project_id, len(wanted))
        for n, task in wanted:
            if places == 0:
                outcome[n] = Failure(refusal)
                continue
            try:
                tasks.insert(conn, self.vault, task, actor=task.creator)
            except TaskNameTaken as error:
                outcome[n] = Failure(error.message, f"{task.group_id}/{task.document.input.source_id}")
                continue
            places -= 1
            if task.document.is_saved_as_template:
                templates.keep(conn, task, task.created_at)
        if places:
            quotas.give_back(conn, project_id, Resource.TASKS, places)

    def _take(self, conn: Connection, project_id: ProjectId, wanted: int) -> tuple[int, str]:
        """Take as many places of the quota as there are, `wanted` at most; return their number, and what is short."""
        refusal = ""
        while wanted > 0:
            try:
                quotas.take(conn, project_id, Resource.TASKS, wanted, self.quotas)
            except TaskQuotaReached as error:
                refusal = error.message
                usage = quotas.usage(conn, project_id, self.quotas)[Resource.TASKS]
                wanted = min(wanted - 1, max(0, usage.limit - usage.used))
            else:
                return wanted, refusal
        return 0, refusal


def _look(conn: Connection, batch: Batch, entries: Sequence[Entry]) -> _Seen:
    project_id = ProjectId(batch.project_id)
    sources = sorted({entry.source_id for entry in entries if entry.source_id is not None})
    return _Seen(
        batches.groups(conn, project_id, {entry.group_id for entry in entries}),
        batches.memberships(conn, project_id, sources),
        batches.access_types(conn, project_id, sources),
    )


def _check(entry: Entry, seen: _Seen, deploy: str) -> None:
    group, source = entry.group_id, entry.source_id
    if group not in seen.groups:
        raise NotReferable(f"There is no video group {group}.", param="video_source_group_id")
    if source is None:
        raise NotReferable("The group has no video sources.", param="video_source_list")
    if source not in seen.access_types:
        raise NotReferable(f"There is no video source {source}.", param="video_source_id")
    if (group, source) not in seen.memberships:
        raise NotReferable("The video source is not in the group.", param="video_source_id")
    if seen.access_types[source] != deploy:
        raise InvalidParameter(
            f"A service of type {deploy} does not take a video source whose access type is "
            f"{seen.access_types[source]}.",
            param="video_source_id",
        )


def _where(entry: Entry) -> str:
    return f"{entry.group_id}/{entry.source_id}" if entry.source_id else entry.group_id


def document_of(batch: Batch, entry: Entry) -> TaskDocument:
    """Return the document of a child."""
    wanted = batch.document
    return TaskDocument(
        name=f"{wanted.name}_{entry.n}",
        service_name=wanted.service_name,
        service_version=wanted.service_version,
        input=TaskInput(InputType.VIDEO_SOURCE, InputDatum(video_source_id=entry.source_id)),
        output=wanted.output,
        config=wanted.config,
        description=wanted.description,
        schedule=wanted.schedule,
        is_saved_as_template=wanted.is_saved_as_template,
        resource_order_id=wanted.resource_order_id,
        priority=wanted.priority,
        target_roi=entry.target_roi,
    )
