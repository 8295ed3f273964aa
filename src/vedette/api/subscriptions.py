"""Who is told of a project's events, and by which rules: additions of ours."""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, PartsOf, RepeatOf, received
from vedette.api.described import takes
from vedette.model.errors import InvalidParameter
from vedette.model.ids import ProjectId, new_hex
from vedette.model.review import Subscription
from vedette.model.secrets import unmask_webhook
from vedette.schemas.common import matches
from vedette.schemas.subscriptions import (
    EventRulesBody,
    EventRulesInfo,
    SubscriptionBody,
    SubscriptionInfo,
    SubscriptionList,
    rules_info,
    subscription_info,
)
from vedette.store import event_rules, idempotency, subscriptions
from vedette.store.vault import Vault

router = APIRouter(tags=["Events"])

RULES: Final = "/vedette/v1/{project_id}/event-rules"
ALL: Final = "/vedette/v1/{project_id}/subscriptions"
ONE: Final = "/vedette/v1/{project_id}/subscriptions/{subscription_id}"
SUBSCRIPTION_ID: Final = r"[0-9a-f]{32}"
EXAMPLE: Final[dict[str, Any]] = {
    "name": "control room",
    "address": "https://receiver.example.org/events",
    "headers": {"X-Key": "a secret of yours"},
    "description": "the screens of the control room",
}
EXAMPLE_RULES: Final[dict[str, Any]] = {"manual_review": True, "aggregate": True, "window_s": 60}


async def subscription_id(_member: Member, subscription_id: Annotated[str, Path()]) -> str:
    """Return the subscription's id of the path, checked after the caller.

    Raises:
        InvalidParameter: it is no id.
    """
    if not matches(SUBSCRIPTION_ID, subscription_id):
        raise InvalidParameter(
            f"subscription_id: it does not have the form ^{SUBSCRIPTION_ID}$.", param="subscription_id"
        )
    return subscription_id


IdInPath = Annotated[str, Depends(subscription_id)]


@router.get(RULES, operation_id="ShowEventRules", response_model=EventRulesInfo)
async def show_rules(principal: Member, parts: PartsOf) -> JSONResponse:
    """Show by which rules the event center of the project takes new events."""
    return JSONResponse(rules_info(await parts.db.read(event_rules.rules_of, principal.project_id)))


@router.put(
    RULES,
    operation_id="UpdateEventRules",
    openapi_extra=takes(EventRulesBody, EXAMPLE_RULES),
    response_model=EventRulesInfo,
)
async def put_rules(request: Request, principal: Member, parts: PartsOf) -> JSONResponse:
    """Say by which rules the event center takes events from now on; what is stored already stays as it is.

    Events that were held back for a review stay so until they are approved, whatever the rules are by then.
    """
    rules = (await received(request, EventRulesBody)).rules()
    await parts.db.write(event_rules.put_rules, principal.project_id, rules)
    return JSONResponse(rules_info(rules))


@router.get(ALL, operation_id="ListSubscriptions", response_model=SubscriptionList)
async def find(principal: Member, parts: PartsOf) -> JSONResponse:
    """List the subscriptions of the project, the oldest first."""

    def listed(conn: Connection) -> list[dict[str, Any]]:
        found = subscriptions.all_of(conn, parts.vault, principal.project_id)
        return [_info(conn, principal.project_id, one) for one in found]

    shown = await parts.db.read(listed)
    return JSONResponse({"count": len(shown), "subscriptions": shown})


@router.post(
    ALL,
    operation_id="CreateSubscription",
    status_code=201,
    openapi_extra=takes(SubscriptionBody, EXAMPLE),
    response_model=SubscriptionInfo,
)
async def create(request: Request, principal: Member, repeat: RepeatOf, parts: PartsOf) -> JSONResponse:
    """Have every event of tasks with `event_center: true` sent to an address, beginning with the next.

    The calls are those of webhooks: the same body, headers, tries, signature and guard.
    """
    body = await received(request, SubscriptionBody)
    now = parts.clock()
    sent = body.subscription(new_hex(), now, now)
    new = _unmasked(sent, None)

    def insert(conn: Connection) -> dict[str, Any]:
        subscriptions.insert(conn, parts.vault, principal.project_id, new)
        return _info(conn, principal.project_id, new)

    def once(conn: Connection) -> Any:
        return idempotency.once(conn, principal.project_id, repeat, now, lambda: insert(conn))

    return JSONResponse(await parts.db.write(once), 201)


@router.get(ONE, operation_id="ShowSubscription", response_model=SubscriptionInfo)
async def show(principal: Member, name: IdInPath, parts: PartsOf) -> JSONResponse:
    """Show a subscription."""
    return JSONResponse(await parts.db.read(_show, parts.vault, principal.project_id, name))


@router.put(
    ONE,
    operation_id="UpdateSubscription",
    openapi_extra=takes(SubscriptionBody, EXAMPLE),
    response_model=SubscriptionInfo,
)
async def update(request: Request, principal: Member, name: IdInPath, parts: PartsOf) -> JSONResponse:
    """Say what a subscription is from now on, all of it; what is still to be delivered goes to the new address."""
    body = await received(request, SubscriptionBody)
    now = parts.clock()

    def change(conn: Connection) -> dict[str, Any]:
        stored = subscriptions.get(conn, parts.vault, principal.project_id, name)
        new = _unmasked(body.subscription(name, stored.created_at, now), stored)
        subscriptions.change(conn, parts.vault, principal.project_id, new)
        return _info(conn, principal.project_id, new)

    return JSONResponse(await parts.db.write(change))


@router.delete(ONE, operation_id="DeleteSubscription", status_code=204, response_class=Response)
async def delete(principal: Member, name: IdInPath, parts: PartsOf) -> Response:
    """Delete a subscription, and with it what is still due or given up for it."""
    await parts.db.write(subscriptions.remove, principal.project_id, name)
    return Response(status_code=204)


def _show(conn: Connection, vault: Vault, project_id: ProjectId, name: str) -> dict[str, Any]:
    return _info(conn, project_id, subscriptions.get(conn, vault, project_id, name))


def _info(conn: Connection, project_id: ProjectId, one: Subscription) -> dict[str, Any]:
    stands = subscriptions.standing(conn, project_id, one.id)
    counts = {
        "source_count": stands.sources,
        "delivered_count": stands.delivered,
        "pending_count": stands.pending,
        "dead_count": stands.dead,
    }
    return subscription_info(one, counts)


def _unmasked(new: Subscription, stored: Subscription | None) -> Subscription:
    """Return a subscription with what is masked in it taken from the stored one.

    Raises:
        InvalidParameter: nothing is stored in the place of a mask, or it would go elsewhere than before.
    """
    known = stored.target if stored else None
    return replace(new, target=unmask_webhook(new.target, known, param="address"))
