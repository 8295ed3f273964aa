"""Published services in a project: deployed or not, for how many streams, under which orders."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class AlgStatus(StrEnum):
    """How a service stands in a project, in the names of the wire."""

    RUNNING = "service_running"
    DEPLOYING = "service_deploying"
    FAILED = "service_failed"
    STOPPING = "service_stopping"
    STOPPED = "service_stopped"
    UPGRADING = "service_upgrading"
    FINISHED = "service_finished"
    CONCERNING = "service_concerning"
    NOT_DEPLOYED = "not_deployed"


LOCAL_POOL = "local"
"""The pool of the machine the service runs on; there without being made."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """An algorithm deployed in a project. Without one, its services run without a limit of their own.

    Attributes:
        alg_id: `algorithm_publish_id` of the tasks.
        pool_id: an edge pool of the project, or `local`.
        stream_count: how many tasks of the algorithm may run at once.
        deploy_config: keys that the algorithm declares are the defaults of `config.common` of its tasks.
        envs: as sent; kept sealed.
        created_at: milliseconds since the epoch.
        updated_at: milliseconds since the epoch.
    """

    project_id: str
    alg_id: str
    pool_id: str
    stream_count: int
    status: AlgStatus
    deploy_config: dict[str, Any] = field(default_factory=dict)
    envs: dict[str, str] = field(default_factory=dict, repr=False)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class ResourceOrder:
    """A purchase that an operator registered.

    Attributes:
        service_name: the service it is good for, or None for every one.
        stream_quota: how many tasks may run under it at once.
        expires_at: milliseconds since the epoch, or None: it does not end.
        created_at: milliseconds since the epoch.
    """

    project_id: str
    id: str
    service_name: str | None
    stream_quota: int
    expires_at: int | None
    created_at: int

    def holds(self, now_ms: int) -> bool:
        """Return whether it has not expired."""
        return self.expires_at is None or now_ms < self.expires_at
