"""Resource orders, terms of services and quotas of projects, additions of ours.

Members of a project read what concerns it; whoever minds the installation reads and writes, in every project.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import Administrator, Caller, Parts, PartsOf, RepeatOf, received
from vedette.api.described import takes
from vedette.control.sales import Sales
from vedette.model.errors import InvalidParameter, Unauthorized
from vedette.model.ids import ProjectId, new_hex
from vedette.model.service import ResourceOrder
from vedette.schemas.common import OBJECT_ID, SERVICE_NAME, matches
from vedette.schemas.orders import (
    OrderCreate,
    OrderInfo,
    OrderList,
    OrderTerms,
    QuotaBody,
    QuotaInfo,
    TermsBody,
    TermsInfo,
    order_info,
    quota_info,
)
from vedette.schemas.tasks import Nothing
from vedette.store import idempotency, orders

router = APIRouter(tags=["Orders"])

ORDERS: Final = "/vedette/v1/{project_id}/resource-orders"
ORDER: Final = "/vedette/v1/{project_id}/resource-orders/{resource_order_id}"
TERMS: Final = "/vedette/v1/{project_id}/services/{service_name}/terms"
QUOTAS: Final = "/vedette/v1/{project_id}/quotas"
EXAMPLE: Final[dict[str, Any]] = {
    "id": "order-2026-17",
    "service_name": "c-intrusiondetection-cloud",
    "stream_quota": 20,
    "expires_at": 1_830_297_600_000,
}


async def readable(principal: Caller, project_id: Annotated[str, Path()]) -> ProjectId:
    """Return the project of the path, if the caller may look at it.

    Raises:
        Unauthorized: it is another project, and the caller does not mind the installation.
    """
    if principal.project_id != ProjectId(project_id) and not principal.minds_installation:
        raise Unauthorized("The token or access key is for another project than the one in the path.")
    return ProjectId(project_id)


async def minded(_principal: Administrator, project_id: Annotated[str, Path()]) -> ProjectId:
    """Return the project of the path; the caller minds the installation."""
    return ProjectId(project_id)


Readable = Annotated[ProjectId, Depends(readable)]
Minded = Annotated[ProjectId, Depends(minded)]


async def order_id(_principal: Caller, resource_order_id: Annotated[str, Path()]) -> str:
    """Return the order of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no id.
    """
    return _formed("resource_order_id", resource_order_id, OBJECT_ID)


async def service(_principal: Caller, service_name: Annotated[str, Path()]) -> str:
    """Return the service of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no name of a service.
    """
    return _formed("service_name", service_name, SERVICE_NAME)


OrderInPath = Annotated[str, Depends(order_id)]
ServiceInPath = Annotated[str, Depends(service)]


@router.get(ORDERS, operation_id="ListResourceOrders", response_model=OrderList)
async def find(project_id: Readable, parts: PartsOf) -> JSONResponse:
    """List the registered orders of a project, oldest first."""
    now, sales = parts.clock(), _sales(parts)

    def read(conn: Connection) -> list[dict[str, Any]]:
        sales.check_project(conn, project_id)
        used = orders.in_use(conn, project_id)
        return [order_info(one, used.get(one.id, 0), now) for one in orders.of_project(conn, project_id)]

    found = await parts.db.read(read)
    return JSONResponse({"count": len(found), "resource_orders": found})


@router.post(
    ORDERS,
    operation_id="CreateResourceOrder",
    status_code=201,
    openapi_extra=takes(OrderCreate, EXAMPLE),
    response_model=OrderInfo,
)
async def create(request: Request, project_id: Minded, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Register an order of a project; needs the role te_admin."""
    body = await received(request, OrderCreate)
    now, sales = parts.clock(), _sales(parts)
    order = _order(project_id, body.id or new_hex(), body, now)

    def insert(conn: Connection) -> dict[str, Any]:
        sales.register(conn, order)
        return order_info(order, orders.in_use(conn, project_id).get(order.id, 0), now)

    def once(conn: Connection) -> Any:
        sales.check_project(conn, project_id)
        return idempotency.once(conn, project_id, repeat, now, lambda: insert(conn))

    answer = await parts.db.write(once)
    parts.tasks.wake()
    return JSONResponse(answer, 201)


@router.get(ORDER, operation_id="ShowResourceOrder", response_model=OrderInfo)
async def show(project_id: Readable, order: OrderInPath, parts: PartsOf) -> JSONResponse:
    """Show a registered order."""
    return JSONResponse(await parts.db.read(_shown, project_id, order, parts.clock()))


@router.put(
    ORDER,
    operation_id="UpdateResourceOrder",
    openapi_extra=takes(OrderTerms, {name: EXAMPLE[name] for name in ("stream_quota", "expires_at")}),
    response_model=OrderInfo,
)
async def update(request: Request, project_id: Minded, order: OrderInPath, parts: PartsOf) -> JSONResponse:
    """Change what an order says, all of it; needs the role te_admin. Tasks are frozen or go on accordingly."""
    body = await received(request, OrderTerms)
    now, sales = parts.clock(), _sales(parts)

    def write(conn: Connection) -> dict[str, Any]:
        sales.change(conn, _order(project_id, order, body, now))
        return _shown(conn, project_id, order, now)

    answer = await parts.db.write(write)
    parts.tasks.wake()
    return JSONResponse(answer)


@router.delete(ORDER, operation_id="DeleteResourceOrder", response_model=Nothing)
async def delete(project_id: Minded, order: OrderInPath, parts: PartsOf) -> JSONResponse:
    """Forget an order; needs the role te_admin. Refused while tasks name it."""
    await parts.db.write(orders.remove, project_id, order)
    return JSONResponse({})


@router.get(TERMS, operation_id="ShowServiceTerms", response_model=TermsInfo)
async def show_terms(_project_id: Readable, name: ServiceInPath, parts: PartsOf) -> JSONResponse:
    """Show whether a service demands an order."""
    commercial = await parts.db.read(_sales(parts).is_commercial, name)
    return JSONResponse({"service_name": name, "commercial": commercial})


@router.put(
    TERMS,
    operation_id="UpdateServiceTerms",
    openapi_extra=takes(TermsBody, {"commercial": True}),
    response_model=TermsInfo,
)
async def set_terms(request: Request, _project_id: Minded, name: ServiceInPath, parts: PartsOf) -> JSONResponse:
    """Say whether a service demands an order, in every project; needs the role te_admin."""
    body = await received(request, TermsBody)
    await parts.db.write(_sales(parts).set_commercial, name, commercial=body.commercial)
    return JSONResponse({"service_name": name, "commercial": body.commercial})


@router.get(QUOTAS, operation_id="ShowQuotas", response_model=QuotaInfo)
async def show_quotas(project_id: Readable, parts: PartsOf) -> JSONResponse:
    """Show how many tasks, sources and groups a project has and may have."""
    usage = await parts.db.read(_sales(parts).usage, project_id)
    return JSONResponse(quota_info({resource: (one.used, one.limit) for resource, one in usage.items()}))


@router.put(
    QUOTAS,
    operation_id="UpdateQuotas",
    openapi_extra=takes(QuotaBody, {"tasks": 500, "groups": None}),
    response_model=QuotaInfo,
)
async def set_quotas(request: Request, project_id: Minded, parts: PartsOf) -> JSONResponse:
    """Set quotas of a project; needs the role te_admin. `null` goes back to what the settings say."""
    body = await received(request, QuotaBody)
    usage = await parts.db.write(_sales(parts).set_limits, project_id, body.limits())
    return JSONResponse(quota_info({resource: (one.used, one.limit) for resource, one in usage.items()}))


def _sales(parts: Parts) -> Sales:
    return Sales(parts.registry, parts.quotas)


def _order(project_id: ProjectId, name: str, body: OrderTerms, now_ms: int) -> ResourceOrder:
    return ResourceOrder(project_id, name, body.service_name, body.stream_quota, body.expires_at, now_ms)


def _shown(conn: Connection, project_id: ProjectId, name: str, now_ms: int) -> dict[str, Any]:
    order = orders.get(conn, project_id, name)
    return order_info(order, orders.in_use(conn, project_id).get(name, 0), now_ms)


def _formed(name: str, value: str, pattern: str) -> str:
    if not matches(pattern, value):
        raise InvalidParameter(f"{name}: it does not have the form ^{pattern}$.", param=name)
    return value
