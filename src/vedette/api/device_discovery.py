"""Which cameras are on the network of the service's machine: an addition of ours."""

import asyncio
import threading
from typing import Any, Final

from fastapi import APIRouter, Request

from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, received
from vedette.api.described import takes
from vedette.media.onvif_survey import Survey, Surveyed, survey
from vedette.model.errors import InvalidParameter, SourceError, Unavailable
from vedette.model.guard import GuardMode, GuardPolicy
from vedette.model.secrets import hide_userinfo
from vedette.schemas.device_discovery import DiscoverRequest, Discovery

EXAMPLE: Final[dict[str, Any]] = {"username": "viewer", "password": "a password of the cameras", "seconds": 3}


class Searches:
    """The operation, for one search at a time: it sends to everybody on the network.

    Args:
        policy: judges whom is asked, and who answers.
    """

    def __init__(self, policy: GuardPolicy) -> None:
        self._policy = policy
        self._lock = asyncio.Lock()

    async def discover(self, request: Request, _principal: Member) -> JSONResponse:
        """Search for ONVIF cameras on the network of the service's machine, or at one address.

        With a login each camera is asked for its profiles. Nothing is stored. There is one search at a time.
        A hosted service (`VEDETTE_GUARD`) searches one address only.
        """
        body = await received(request, DiscoverRequest)
        if body.password is not None and body.username is None:
            raise InvalidParameter("password: it goes with a username.", param="password")
        if body.address is None and self._policy.mode is GuardMode.HOSTED:  # whoever is on its network is nobody's here
            raise InvalidParameter("address: this service searches no network, but one address.", param="address")
        if self._lock.locked():
            raise Unavailable("Another search is under way.")
        async with self._lock:
            stop = threading.Event()
            try:
                found = await asyncio.to_thread(
                    survey,
                    self._policy,
                    place=body.address or "",
                    username=body.username or "",
                    password=body.password or "",
                    within_s=body.seconds,
                    stop=stop,
                )
            except SourceError as error:
                raise InvalidParameter(f"address: {error.message}.", param="address") from None
            finally:
                stop.set()  # the service ends: so does the thread
        return JSONResponse(_document(found))


def make_router(policy: GuardPolicy) -> APIRouter:
    """Return the router of the search."""
    router = APIRouter(tags=["Edge devices"])
    router.add_api_route(
        "/vedette/v1/{project_id}/devices/discover",
        Searches(policy).discover,
        methods=["POST"],
        operation_id="DiscoverDevices",
        openapi_extra=takes(DiscoverRequest, EXAMPLE),
        response_model=Discovery,
    )
    return router


def _document(found: Survey) -> dict[str, Any]:
    return {
        "count": len(found.devices),
        "refused": found.refused,
        "devices": [_device(one) for one in found.devices],
    }


def _device(one: Surveyed) -> dict[str, Any]:
    info: dict[str, Any] = {
        "address": one.found.address,
        "service": hide_userinfo(one.service),
        "announced": [hide_userinfo(url) for url in one.found.services],
        "endpoint": one.found.endpoint,
        "name": one.found.name,
        "hardware": one.found.hardware,
        "location": one.found.location,
    }
    if one.offers is not None:
        info["profiles"] = [
            {
                "token": offer.profile.token,
                "name": offer.profile.name,
                "encoding": offer.profile.encoding,
                "width": offer.profile.width,
                "height": offer.profile.height,
                "url": hide_userinfo(offer.url),
            }
            for offer in one.offers
        ]
    if one.failure is not None:
        info["error"] = {"code": one.failure.code, "message": one.failure.message}
    return info
