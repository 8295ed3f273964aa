"""What processes hold, as the system tells it: memory, threads, descriptors, connections."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from e2e.service import Service
from e2e.test_footprint import pss_mb

_STATES = {"01": "established", "02": "connecting", "08": "close_wait"}


@dataclass(frozen=True)
class Remains:
    """What a service and its workers hold at one moment.

    Attributes:
        pss_mb: memory of all its processes, what they share counted once.
        workers: how many there are.
        threads: of its workers.
        files: open descriptors of its workers; sockets are among them.
        own_files: open descriptors of the service itself.
    """

    pss_mb: float
    workers: int
    threads: int
    files: int
    own_files: int


def remains(service: Service) -> Remains:
    """Look at a service that runs."""
    workers = service.living_workers()
    return Remains(
        pss_mb=pss_mb(service.pid),
        workers=len(workers),
        threads=sum(_entries(pid, "task") for pid in workers),
        files=sum(_entries(pid, "fd") for pid in workers),
        own_files=_entries(service.pid, "fd"),
    )


def connections_to(port: int) -> Counter[str]:
    """Return how many connections of this machine lead to one of its ports, by state; those that time out are left out."""
    found: Counter[str] = Counter()
    for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]:
        _, _, remote, state = line.split()[:4]
        if int(remote.rpartition(":")[2], 16) == port and state in _STATES:
            found[_STATES[state]] += 1
    return found


def _entries(pid: int, kind: str) -> int:
    return len(list(Path(f"/proc/{pid}/{kind}").iterdir()))
