"""The documents of resource orders, terms of services and quotas: additions of ours."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from vedette.model.quota import Resource
from vedette.model.service import ResourceOrder
from vedette.schemas.common import SERVICE_NAME, ObjectId, Wire, of_form

MOST: Final = 2**31 - 1

Quota = Annotated[int, Field(ge=0, le=MOST)]


class OrderTerms(Wire):
    """The body that changes an order: all it says from now on."""

    stream_quota: Annotated[int, Field(ge=1, le=MOST)]
    """How many tasks may hold a stream under it at once; those beyond it wait."""
    service_name: Annotated[str, of_form(SERVICE_NAME)] | None = None
    """The one service it is for; absent: for every one."""
    expires_at: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """When it ends, and its tasks are frozen; milliseconds since the epoch. Absent: never."""


class OrderCreate(OrderTerms):
    """The body that registers an order."""

    id: ObjectId | None = None
    """Its id, which tasks name as `resource_order_id`; absent: one is made."""


class OrderInfo(Wire):
    """A registered order."""

    id: str
    """Its id."""
    service_name: str | None = None
    """The one service it is for; absent: for every one."""
    stream_quota: int
    """How many tasks may hold a stream under it at once."""
    in_use: int
    """How many do."""
    expires_at: int | None = None
    """When it ends; milliseconds since the epoch. Absent: never."""
    expired: bool
    """Whether it has ended."""
    created_at: int
    """Milliseconds since the epoch."""


class OrderList(Wire):
    """The answer to a list of orders."""

    count: int
    """Entries."""
    resource_orders: list[OrderInfo]
    """The orders."""


class TermsBody(Wire):
    """The body that says whether a service demands an order."""

    commercial: bool
    """Whether tasks of the service must name an order that is registered."""


class TermsInfo(TermsBody):
    """Whether a service demands an order."""

    service_name: str
    """The service."""


class QuotaBody(Wire):
    """The body that changes quotas of a project; what is absent stays, null is what the settings say."""

    tasks: Quota | None = None
    """Tasks."""
    sources: Quota | None = None
    """Video sources."""
    groups: Quota | None = None
    """Video groups."""

    def limits(self) -> dict[Resource, int | None]:
        """Return the limits that were sent."""
        return {resource: getattr(self, resource) for resource in Resource if resource in self.model_fields_set}


class UsageInfo(Wire):
    """How much there is of something."""

    used: int
    """How many the project has."""
    limit: int
    """How many it may have."""


class QuotaInfo(Wire):
    """What a project has and may have."""

    tasks: UsageInfo
    """Tasks."""
    sources: UsageInfo
    """Video sources."""
    groups: UsageInfo
    """Video groups."""


def order_info(order: ResourceOrder, in_use: int, now_ms: int) -> dict[str, Any]:
    """Return the document of an order."""
    info = {
        "id": order.id,
        "service_name": order.service_name,
        "stream_quota": order.stream_quota,
        "in_use": in_use,
        "expires_at": order.expires_at,
        "expired": not order.holds(now_ms),
        "created_at": order.created_at,
    }
    return {name: value for name, value in info.items() if value is not None}


def quota_info(usage: Mapping[Resource, tuple[int, int]]) -> dict[str, Any]:
    """Return the document of what a project has and may have."""
    return {resource.value: {"used": used, "limit": limit} for resource, (used, limit) in usage.items()}
