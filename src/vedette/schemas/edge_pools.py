"""The documents of edge pools and their nodes."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AliasChoices, Field

from vedette.model.edge_pool import EdgePool, Node
from vedette.schemas.common import Text, Wire, of_form, one_of
from vedette.schemas.listing import ListQuery

POOL_NAME: Final = r"[a-z][a-z0-9-]{2,30}[a-z0-9]"
POOL_ID: Final = r"[a-zA-Z0-9-]{1,64}"
RUNNING: Final = "Running"
ABNORMAL: Final = "Abnormal"
UNKNOWN: Final = "UNKNOWN"
WORKSPACE: Final = "0"
"""There is one workspace, the default one of the published examples."""


class EdgePoolCreate(Wire):
    """The body of a create-pool request."""

    name: Annotated[str, of_form(POOL_NAME)]
    """Name of the pool, once in a project."""
    nodes: Annotated[list[Annotated[Text, Field(min_length=1, max_length=255)]], Field(min_length=1, max_length=10)]
    """Ids of nodes; one that has never reported is taken, and makes the pool abnormal."""
    description: Annotated[Text, Field(max_length=255)] | None = None
    """What it is for."""
    ief_service_instance_id: Annotated[Text, Field(max_length=255)] | None = Field(
        default=None, validation_alias=AliasChoices("ief_service_instance_id", "iefServiceInstanceId")
    )
    """Instance of the edge service the nodes belong to; kept and shown."""


class EdgePoolQuery(ListQuery):
    """The query of the list of pools."""

    page_size: Annotated[int, Field(ge=1, le=1000)] = 100
    """Entries on a page."""
    page_num: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Number of the page."""
    name_like: Annotated[str, of_form(r"[a-z0-9-]{1,30}")] | None = None
    """A part of the name."""
    sort_name: Annotated[str, one_of(("created_at", "updated_at"))] = "created_at"
    """What to sort by: time of creation or of the last change."""
    state: Annotated[str, one_of((RUNNING, ABNORMAL))] | None = None
    """`Running` or `Abnormal`."""

    @property
    def page(self) -> slice:
        """The part that is wanted."""
        return (
            slice((self.page_num - 1) * self.page_size, self.page_num * self.page_size)
            if self.is_paged
            else slice(0, None)
        )


class EdgePoolCreated(Wire):
    """The answer to a create-pool request."""

    id: str
    """Id of the new pool."""


class Accelerator(Wire):
    """A card of a node."""

    name: str
    """Its name."""
    type: str
    """Its kind."""
    capacity: str
    """Its memory, such as `15079Mi`."""
    driver_version: str
    """Version of its driver."""


class NodeInfo(Wire):
    """A node. What is not known of it is absent."""

    id: str
    """Its id."""
    name: str | None = None
    """Its name."""
    state: str
    """`Running` if it reports, `UNKNOWN` if not."""
    arch: str | None = None
    """Architecture of its processor."""
    cpu: int | None = None
    """Cores."""
    memory: int | None = None
    """MiB."""
    enable_gpu: bool
    """Whether GPUs of it are used; always false."""
    enable_npu: bool
    """Whether NPUs of it are used; always false."""
    gpu_info: list[Accelerator]
    """Its GPUs that are used; always empty."""
    npu_info: list[Accelerator]
    """Its NPUs that are used; always empty."""


class EdgePoolListInfo(Wire):
    """An edge pool, as lists show it."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    description: str | None = None
    """What it is for; absent if nothing was said."""
    ief_service_instance_id: str | None = None
    """As it was sent; an addition of ours."""
    project_id: str
    """The project it belongs to."""
    workspace_id: str
    """Always `0`: there is one workspace."""
    state: str
    """`Running` if all its nodes report, else `Abnormal`."""
    created_at: int
    """Milliseconds since the epoch."""
    updated_at: int
    """Milliseconds since the epoch."""


class EdgePoolInfo(EdgePoolListInfo):
    """An edge pool."""

    nodes: list[NodeInfo]
    """Its nodes."""


class EdgePoolList(Wire):
    """The answer to a list of pools."""

    count: int
    """Pools that match."""
    edge_pools: list[EdgePoolListInfo]
    """The pools."""


class NodeList(Wire):
    """The nodes that report."""

    count: int
    """How many there are."""
    nodes: list[NodeInfo]
    """The nodes."""


def pool_info(pool: EdgePool, *, running: bool) -> dict[str, Any]:
    """Return the document of a pool, without its nodes."""
    info = {
        "id": pool.id,
        "name": pool.name,
        "description": pool.description or None,
        "ief_service_instance_id": pool.ief_service_instance_id,
        "project_id": pool.project_id,
        "workspace_id": WORKSPACE,
        "state": RUNNING if running else ABNORMAL,
        "created_at": pool.created_at,
        "updated_at": pool.updated_at,
    }
    return {name: value for name, value in info.items() if value is not None}


def nodes_info(wanted: tuple[str, ...], known: Mapping[str, Node]) -> list[dict[str, Any]]:
    """Return the documents of nodes, in this order."""
    return [_node_info(node_id, known.get(node_id)) for node_id in wanted]


def _node_info(node_id: str, node: Node | None) -> dict[str, Any]:
    facts = {"name": node.name, "arch": node.arch, "cpu": node.cpu, "memory": node.memory} if node else {}
    return {
        "id": node_id,
        **{name: value for name, value in facts.items() if value},
        "state": RUNNING if node else UNKNOWN,
        "enable_gpu": False,
        "enable_npu": False,
        "gpu_info": [],
        "npu_info": [],
    }
