"""Edge pools: nodes on which edge services run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgePool:
    """A pool of one to ten nodes.

    Attributes:
        nodes: ids of nodes; a node that has never reported is no error, but its pool is Abnormal.
        created_at: milliseconds since the epoch.
        updated_at: milliseconds since the epoch.
    """

    id: str
    project_id: str
    name: str
    nodes: tuple[str, ...]
    description: str = ""
    ief_service_instance_id: str | None = None
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A machine that has reported.

    Attributes:
        id: derived from its name, the same after every start.
        arch: `x86_64` or `aarch64`.
        cpu: cores.
        memory: MiB.
    """

    id: str
    name: str
    arch: str
    cpu: int
    memory: int
