"""Edge pools, and the nodes they can be made of."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, received
from vedette.api.described import takes
from vedette.control import nodes
from vedette.model.edge_pool import EdgePool
from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId, new_hex
from vedette.schemas.common import matches
from vedette.schemas.edge_pools import (
    POOL_ID,
    RUNNING,
    EdgePoolCreate,
    EdgePoolCreated,
    EdgePoolInfo,
    EdgePoolList,
    EdgePoolQuery,
    NodeList,
    nodes_info,
    pool_info,
)
from vedette.store import edge_pools, idempotency

router = APIRouter(tags=["Edge pools"])

EXAMPLE: Final[dict[str, Any]] = {
    "name": "yard-pool",
    "description": "the two boxes in the yard",
    "nodes": ["0f6b6a3e-6f0a-4f6e-9b39-0c4c5a1f7d21"],
}


async def pool_id(_member: Member, id: Annotated[str, Path()]) -> str:  # noqa: A002 - the published name
    """Return the pool's id of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no id.
    """
    if not matches(POOL_ID, id):
        raise InvalidParameter(f"id: it does not have the form ^{POOL_ID}$.", param="id")
    return id


PoolIdInPath = Annotated[str, Depends(pool_id)]


@router.post(
    "/v2/{project_id}/edge-pools",
    operation_id="CreateEdgePool",
    status_code=201,
    openapi_extra=takes(EdgePoolCreate, EXAMPLE),
    response_model=EdgePoolCreated,
)
async def create(request: Request, principal: Member, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Create an edge pool of one to ten nodes; answers with its id."""
    body = await received(request, EdgePoolCreate)
    now = parts.clock()
    pool = EdgePool(
        id=new_hex(),
        project_id=principal.project_id,
        name=body.name,
        nodes=tuple(dict.fromkeys(body.nodes)),
        description=body.description or "",
        ief_service_instance_id=body.ief_service_instance_id,
        created_at=now,
        updated_at=now,
    )

    def insert(conn: Connection) -> dict[str, Any]:
        edge_pools.insert(conn, pool)
        return {"id": pool.id}

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: insert(conn))

    return JSONResponse(await parts.db.write(once), 201)


@router.get("/v2/{project_id}/edge-pools", operation_id="ListEdgePools", response_model=EdgePoolList)
async def find(principal: Member, query: Annotated[EdgePoolQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List the edge pools of the project, newest first unless another order is asked for."""
    return JSONResponse(await parts.db.read(_list, principal.project_id, query, parts.clock()))


@router.get("/v2/{project_id}/edge-pools/{id}", operation_id="ShowEdgePoolInfo", response_model=EdgePoolInfo)
async def show(principal: Member, pool: PoolIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one edge pool with its nodes."""
    return JSONResponse(await parts.db.read(_show, principal.project_id, pool, parts.clock()))


@router.delete(
    "/v2/{project_id}/edge-pools/{id}", operation_id="DeleteEdgePool", status_code=204, response_class=Response
)
async def delete(principal: Member, pool: PoolIdInPath, parts: PartsOf) -> Response:
    """Delete an edge pool; refused while algorithms are deployed on it."""
    await parts.db.write(edge_pools.remove, principal.project_id, pool)
    return Response(status_code=204)


@router.get("/vedette/v1/{project_id}/nodes", operation_id="ListNodes", response_model=NodeList)
async def list_nodes(_principal: Member, parts: PartsOf) -> JSONResponse:
    """List the nodes that report, so that one knows what pools can be made of."""
    known = await parts.db.read(nodes.reporting, parts.clock())
    found = nodes_info(tuple(known), known)
    return JSONResponse({"count": len(found), "nodes": found})


def _list(conn: Connection, project_id: ProjectId, query: EdgePoolQuery, now_ms: int) -> dict[str, Any]:
    known = nodes.reporting(conn, now_ms)
    found = edge_pools.find(
        conn, project_id, name_like=query.name_like, by=query.sort_name, descending=query.descending
    )
    items = [pool_info(pool, running=nodes.is_running(pool, known)) for pool in found]
    if query.state is not None:
        items = [item for item in items if (item["state"] == RUNNING) == (query.state == RUNNING)]
    return {"count": len(items), "edge_pools": items[query.page]}


def _show(conn: Connection, project_id: ProjectId, pool: str, now_ms: int) -> dict[str, Any]:
    known = nodes.reporting(conn, now_ms)
    found = edge_pools.get(conn, project_id, pool)
    info = pool_info(found, running=nodes.is_running(found, known))
    return info | {"nodes": nodes_info(found.nodes, known)}
