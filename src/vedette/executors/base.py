"""What runs worker processes. An executor places and restarts; it is never the truth of what runs."""

from collections.abc import Callable
from typing import Protocol

from vedette.model.ids import WorkerId


class Executor(Protocol):
    """Starts and ends workers somewhere.

    Attributes:
        node: name of the place, for people.
        limit: how many workers it runs at most.
    """

    node: str
    limit: int

    async def open(self, url: str, on_exit: Callable[[WorkerId], None]) -> None:
        """Make ready.

        Args:
            url: where workers find the control plane.
            on_exit: called when a worker's process is known to have ended.
        """
        ...

    def present(self) -> frozenset[WorkerId]:
        """Return the workers whose processes live, as far as is known."""
        ...

    def is_dead(self, node: str, pid: int) -> bool:
        """Return whether a worker's process is known to be dead; False where that cannot be known."""
        ...

    async def start(self, worker_id: WorkerId) -> None:
        """Start a worker; it is present at once, and speaks for itself a moment later.

        Raises:
            Unavailable: no process could be started.
        """
        ...

    async def stop(self, worker_id: WorkerId) -> None:
        """Ask a worker to finish what is buffered and end."""
        ...

    async def kill(self, worker_id: WorkerId) -> None:
        """End a worker's process, whatever it is doing."""
        ...

    async def close(self) -> None:
        """Ask all workers to end, wait a little, and end the rest."""
        ...
