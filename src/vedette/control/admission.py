"""Which waiting tasks may have a stream now, and what the others wait for. Pure.

Four things are looked at, in this order: the service is deployed (a project that never said anything has it), the
resource order has a stream left, the deployment has one left, the workers have room for one more task. The most
important come first, of these who waits longest, over all projects.

What a task waits for is a key. All tasks under one key wait for the same thing, so one look at the key says whether
any of them need be looked at: ten thousand waiting tasks cost no more than one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from vedette.control.cores import KIND as CORES
from vedette.control.cores import NO_LIMIT, Cores
from vedette.model.errors import NotInstalled
from vedette.model.ids import StreamId
from vedette.model.lifecycle import CLEARING, WANTED, State
from vedette.model.service import AlgStatus, ResourceOrder
from vedette.store.deployments import Capacity, DeploymentKey
from vedette.store.orders import OrderKey
from vedette.store.tasks import Standing

DEPLOY: Final = "deploy"
ORDER: Final = "order"
CAPACITY: Final = "capacity"
WORKERS: Final = "workers"
EVERYBODYS: Final = f"{WORKERS}::tasks"
"""The key of tasks that wait because as many run as the workers may have at once."""
NOT_DEPLOYED: Final = "The service is not deployed in this project; the task starts when it is."


@dataclass(frozen=True, slots=True)
class Barrier:
    """What a task waits for.

    Attributes:
        key: the same for all that wait for the same thing.
        status: the sentence for the task.
    """

    key: str
    status: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What projects are allowed.

    Attributes:
        algorithms: service name -> `alg_id`.
        capacities: the deployments there are.
        orders: the registered orders of the tasks that are looked at.
        tasks_at_once: how many tasks all workers together may have; None: as many as their streams feed.
        cores_at_once: how many cores live streams may use in all; None: as many as they like.
        cores: what they use of them.
        versions: service name -> the versions of it that the workers have; None: any.
    """

    algorithms: Mapping[str, str] = field(default_factory=dict)
    capacities: Mapping[DeploymentKey, Capacity] = field(default_factory=dict)
    orders: Mapping[OrderKey, ResourceOrder] = field(default_factory=dict)
    tasks_at_once: int | None = None
    cores_at_once: float | None = None
    cores: Cores = NO_LIMIT
    versions: Mapping[str, Collection[str]] | None = None

    def check_installed(self, name: str, version: str) -> None:
        """Look whether there is anything that could run a version of a service.

        Raises:
            NotInstalled: there is not; no worker can ever take its tasks.
        """
        if self.versions is None or version in self.versions.get(name, ()):
            return
        here = ", ".join(self.versions.get(name, ()))
        instead = f"there is {here}" if here else "nor is any other version of it"
        raise NotInstalled(f"The service {name} is not installed here in the version {version}, {instead}.")

    def capacity(self, task: Standing) -> Capacity | None:
        """Return what the deployment of a task's service allows; None: nobody ever deployed or stopped it."""
        return self.capacities.get((task.project_id, self.algorithms.get(task.service_name, "")))

    def is_stopped(self, task: Standing) -> bool:
        """Return whether a task's service is not deployed in its project."""
        capacity = self.capacity(task)
        return capacity is not None and not _serves(capacity)


Used = Counter[str]
"""Streams in use, by key."""


def used(tasks: Iterable[Standing], limits: Limits) -> Used:
    """Count the streams that are in use: of tasks that run, or whose last run is still being ended."""
    counted: Used = Counter()
    for task in tasks:
        if holds_stream(task):
            counted.update(counters(task, limits))
    return counted


def holds_stream(task: Standing) -> bool:
    """Return whether a task has a place; one whose worker was lost keeps it."""
    return (task.state in WANTED and task.state is not State.PENDING) or (
        task.state in CLEARING and task.stream_id is not None
    )


def in_order(waiting: Iterable[Standing]) -> list[Standing]:
    """Return tasks in the order in which they are served: the most important first, then the oldest."""
    return sorted(waiting, key=lambda task: (task.priority, task.created_at, task.id))


def admit(
    waiting: Sequence[Standing], limits: Limits, in_use: Used
) -> tuple[list[Standing], list[tuple[Standing, Barrier]]]:
    """Share out what is left.

    Args:
        waiting: in the order in which they are served.
        limits: what projects are allowed.
        in_use: what is taken already.

    Returns:
        The tasks that may have a stream, and the others with what they wait for.
    """
    taken = Counter(in_use)
    admitted: list[Standing] = []
    barred: list[tuple[Standing, Barrier]] = []
    for task in waiting:
        found = barrier(task, limits, taken)
        if found is None:
            taken.update(counters(task, limits))
            admitted.append(task)
        else:
            barred.append((task, found))
    return admitted, barred


def standing_barrier(key: str, limits: Limits, in_use: Used) -> Barrier | None:
    """Return what tasks parked under a key still wait for; None: some of them should be looked at one by one."""
    kind, project, name = key.split(":", 2)
    if kind == CORES:
        need = float(name)
        return None if limits.cores.fits(need) else Barrier(key, limits.cores.sentence(need))
    if kind == WORKERS:
        return _full_workers(limits, in_use)
    order = limits.orders.get((project, name))
    capacity = limits.capacities.get((project, name))
    if kind == ORDER:
        return _full_order(key, order, in_use) if order else None
    if capacity is None:
        return None
    if kind == CAPACITY:
        return _full_deployment(key, capacity, in_use) if _serves(capacity) else None
    return None if _serves(capacity) else Barrier(key, NOT_DEPLOYED)


def stream_key(stream_id: StreamId) -> str:
    """Return the key of tasks for whose stream no worker has room."""
    return f"stream:{stream_id}"


def order_of(key: str) -> OrderKey | None:
    """Return the order that a key is about, if it is about one."""
    kind, project, name = key.split(":", 2)
    return (project, name) if kind == ORDER else None


def barrier(task: Standing, limits: Limits, taken: Used) -> Barrier | None:
    """Return what keeps a task from having a stream, if anything does."""
    capacity = limits.capacity(task)
    deployment = f"{task.project_id}:{limits.algorithms.get(task.service_name, '')}"
    if capacity is not None and not _serves(capacity):
        return Barrier(f"{DEPLOY}:{deployment}", NOT_DEPLOYED)
    order = limits.orders.get((task.project_id, task.resource_order_id or ""))
    if order is not None and (full := _full_order(f"{ORDER}:{task.project_id}:{order.id}", order, taken)):
        return full
    if capacity is not None and (full := _full_deployment(f"{CAPACITY}:{deployment}", capacity, taken)):
        return full
    return _full_workers(limits, taken)


def _full_workers(limits: Limits, taken: Used) -> Barrier | None:
    if limits.tasks_at_once is None or taken[EVERYBODYS] < limits.tasks_at_once:
        return None
    return Barrier(EVERYBODYS, f"Waiting for room: the workers may have {limits.tasks_at_once} tasks at once.")


def _full_order(key: str, order: ResourceOrder, taken: Used) -> Barrier | None:
    if taken[key] < order.stream_quota:
        return None
    return Barrier(key, f"Waiting for the resource order {order.id}: {_all_in_use(order.stream_quota)}")


def _full_deployment(key: str, capacity: Capacity, taken: Used) -> Barrier | None:
    if taken[key] < capacity.stream_count:
        return None
    return Barrier(key, f"Waiting for capacity of the deployed service: {_all_in_use(capacity.stream_count)}")


def _all_in_use(count: int) -> str:
    return f"it has {count} stream{'' if count == 1 else 's'}, and {'it is' if count == 1 else 'all are'} in use."


def counters(task: Standing, limits: Limits) -> list[str]:
    """Return the keys of what a task takes one of."""
    keys = [EVERYBODYS]
    if task.resource_order_id:
        keys.append(f"{ORDER}:{task.project_id}:{task.resource_order_id}")
    alg_id = limits.algorithms.get(task.service_name)
    return [*keys, f"{CAPACITY}:{task.project_id}:{alg_id}"] if alg_id else keys


def _serves(capacity: Capacity) -> bool:
    return capacity.status is AlgStatus.RUNNING
