"""The machines this installation knows: the one it runs on, and those of workers whose lease is not over.

A node's id is made of its name, so that it is the same after every start.
"""

import os
import platform
import socket
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection

from vedette.model.edge_pool import EdgePool, Node
from vedette.model.ids import derived_uuid
from vedette.store import assignments

MIB: Final = 1024 * 1024


def node_id(name: str) -> str:
    """Return the id of the machine with a name."""
    return derived_uuid("node", name).lower()


def this_machine() -> Node:
    """Return the machine the service runs on; it reports as long as the service runs."""
    name = socket.gethostname()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MIB
    return Node(node_id(name), name, platform.machine(), os.cpu_count() or 0, memory)


def reporting(conn: Connection, now_ms: int) -> dict[str, Node]:
    """Return the nodes that report now, by id; what another machine is made of is not known."""
    here = this_machine()
    found = {here.id: here}
    for worker in assignments.all_workers(conn):
        # an executor names its machine and, behind the last hyphen, the machine's last start
        name = worker.node.rpartition("-")[0] or worker.node
        if worker.lease_until > now_ms:
            found.setdefault(node_id(name), Node(node_id(name), name, "", 0, 0))
    return found


def is_running(pool: EdgePool, nodes: Mapping[str, Node] | Collection[str]) -> bool:
    """Return whether all nodes of a pool report."""
    return all(name in nodes for name in pool.nodes)
