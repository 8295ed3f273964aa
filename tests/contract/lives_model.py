"""What a project must look like: plain values, and the rules by which a request is refused or changes them."""

from dataclasses import dataclass, field
from typing import Any, Final

from lives_stage import QUOTAS

from vedette.model.freezing import COLD
from vedette.model.lifecycle import TRANSITIONS, WANTED, Signal, State

BAD: Final = "VIAS.00010001"
NO_REFERENCE: Final = "VIAS.00010002"
SOURCE_TAKEN: Final = "VIAS.00010010"
TASK_TAKEN: Final = "VIAS.00010011"
GROUP_TAKEN: Final = "VIAS.00010003"
NOT_NOW: Final = "VIAS.00010012"
NO_TASK: Final = "VIAS.00010007"
NOTHING: Final = "VIAS.00010008"
SOURCES_FULL: Final = "VIAS.0010047"
TASKS_FULL: Final = "VIAS.0010048"
OUTDATED: Final = "VEDETTE.5002"
QUIET: Final = frozenset(
    {State.STOPPING, State.STOPPED, State.CREATE_FAILED, State.START_FAILED, State.SUCCEEDED, State.FAILED} | COLD
)
"""States in which a stop has nothing to do."""


@dataclass
class Task:
    """A task; `url` and `secret` as they are kept, with what is never shown."""

    id: str
    name: str
    state: State
    created_at: int
    source: str | None = None
    url: str | None = None
    secret: str | None = None
    version: int = 1
    description: str | None = None
    config: dict[str, Any] | None = None
    schedule: dict[str, Any] | None = None
    activated: bool | None = None
    order: str | None = None
    batch: str | None = None
    group: str | None = None
    n: int = 0
    template: str | None = None
    saved: bool | None = None
    held: bool = False
    """An operator has frozen it."""
    locked: bool = False
    """An operator has frozen its project."""
    calmed: bool = False
    """An operator had frozen it: whether its timetable is obeyed is looked at where it must be known."""

    def document(self) -> tuple[Any, ...]:
        """Return all that counts as a change."""
        return (
            self.name, self.source, self.url, self.secret, self.description, self.config, self.schedule, self.order,
            self.saved,
        )  # fmt: skip

    def changed(self, before: tuple[Any, ...]) -> None:
        """Take down that the document was changed, if it was."""
        _, source, url, *_ = before
        if self.document() == before:
            return
        self.version += 1
        if (self.source, self.url) != (source, url):
            self.reopened()

    def reopened(self) -> None:
        """Take down that its stream is another now."""
        if self.state in WANTED:
            self.state = TRANSITIONS[self.state].get(Signal.LOST, self.state)

    def start(self) -> str | None:
        """Start it, or say why that cannot be."""
        if self.held or self.locked:
            return NOT_NOW
        if self.state not in WANTED:
            if Signal.START not in TRANSITIONS[self.state]:
                return NOT_NOW
            self.state = State.PENDING
        self.activated = True if self.schedule else None
        return None

    def stop(self) -> str | None:
        """Stop it, or say why that cannot be."""
        if self.state not in QUIET:
            if Signal.STOP not in TRANSITIONS[self.state]:
                return NOT_NOW
            self.state = State.STOPPING
        self.activated = False if self.schedule else None
        return None

    def delete(self) -> str | None:
        """Delete it; that is never refused."""
        if self.state is not State.DELETING:
            self.state = State.DELETING
        return None


@dataclass
class Source:
    id: str
    name: str
    url: str
    tag: list[str]
    latitude: str | None
    created_at: int


@dataclass
class Group:
    id: str
    name: str
    description: str
    members: set[str]
    created_at: int


@dataclass
class Batch:
    id: str
    name: str
    description: str | None
    order: str | None
    created_at: int
    numbered: int
    tally: tuple[int, int] = (0, 0)


@dataclass
class Order:
    quota: int
    expires_at: int | None


@dataclass
class Template:
    id: str
    config: dict[str, Any]


@dataclass
class Project:
    """All that a project has."""

    tasks: dict[str, Task] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    templates: dict[tuple[str | None, str], Template] = field(default_factory=dict)
    keys: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    streams: int | None = None
    """How many the deployment allows; None: nobody deployed or stopped it. 0: it is stopped."""
    frozen: bool = False

    def task_names(self) -> set[str]:
        return {task.name for task in self.tasks.values()}

    def room(self) -> int:
        """Return how many tasks more there may be."""
        return QUOTAS.tasks - len(self.tasks)

    def expired(self, name: str | None, now: int) -> bool:
        order = self.orders.get(name or "")
        return order is not None and order.expires_at is not None and order.expires_at <= now

    def why_not_new(self, names: list[str], source: str | None, order: str | None, now: int) -> set[str]:
        """Return the codes with which new tasks may be refused; none: they must be made."""
        return _true(
            (TASK_TAKEN, bool(self.task_names() & set(names)) or len(set(names)) < len(names)),
            (TASKS_FULL, len(names) > self.room()),
            (NO_REFERENCE, source is not None and source not in self.sources),
            (BAD, self.expired(order, now)),
            (NOT_NOW, self.frozen),
        )

    def why_not_changed(self, task: Task, wish: dict[str, Any], now: int) -> set[str]:
        """Return the codes with which a change of a task may be refused; none: it must be done."""
        if task.state is State.DELETING:
            return {NOT_NOW}
        if all(getattr(task, name) == value for name, value in wish.items()):
            return set()
        name = wish.get("name", task.name)
        source = wish.get("source", task.source)
        return _true(
            (TASK_TAKEN, name != task.name and name in self.task_names()),
            (NO_REFERENCE, source is not None and source not in self.sources),
            (BAD, self.expired(wish.get("order", task.order), now)),
        )

    def change(self, task: Task, wish: dict[str, Any]) -> None:
        """Change a task."""
        before = task.document()
        for name, value in wish.items():
            setattr(task, name, value)
        task.changed(before)

    def children(self, batch_id: str) -> list[Task]:
        return [task for task in self.tasks.values() if task.batch == batch_id]

    def members(self, group_id: str) -> list[str]:
        """Return the members of a group, by name."""
        group = self.groups.get(group_id)
        return sorted(group.members, key=lambda one: self.sources[one].name) if group else []

    def entries(self, wanted: list[tuple[str, list[str]]]) -> list[tuple[str, str | None]]:
        """Return group and source of each child that is asked for."""
        found: list[tuple[str, str | None]] = []
        for group_id, sources in wanted:
            if sources:
                found += [(group_id, one) for one in sources]
            else:
                found += [(group_id, one) for one in self.members(group_id)] or [(group_id, None)]
        return found

    def fan_out(self, batch: Batch, entries: list[tuple[int, str, str | None]]) -> list[tuple[int, str, str]]:
        """Return number, group and source of the children that must have been made of these entries."""
        good = [
            (n, group_id, source)
            for n, group_id, source in entries
            if group_id in self.groups and source is not None and source in self.groups[group_id].members
        ]
        places, names, made = self.room(), self.task_names(), []
        for n, group_id, source in good:
            if len(made) < places and f"{batch.name}_{n}" not in names:
                made.append((n, group_id, source))
        return made

    def number(self, batch: Batch, entries: list[tuple[str, str | None]]) -> list[tuple[int, str, str | None]]:
        """Return the entries with the numbers of children that are there, and new ones for the others."""
        there: dict[tuple[str | None, str | None], list[int]] = {}
        for child in sorted(self.children(batch.id), key=lambda one: one.n):
            if child.state is not State.DELETING:
                there.setdefault((child.group, child.source), []).append(child.n)
        numbered = []
        for group_id, source in entries:
            known = there.get((group_id, source))
            if known:
                numbered.append((known.pop(0), group_id, source))
            else:
                numbered.append((batch.numbered, group_id, source))
                batch.numbered += 1
        return numbered

    def drop_template(self, key: tuple[str | None, str]) -> None:
        template = self.templates.pop(key)
        for task in self.tasks.values():
            if task.template == template.id:
                task.template = None


def _true(*conditions: tuple[str, bool]) -> set[str]:
    return {code for code, holds in conditions if holds}
