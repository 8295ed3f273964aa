"""Which cameras there are, and which streams they offer: a search, and then each is asked with one login."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from vedette.media.onvif import offered
from vedette.media.onvif_discovery import PORT, search
from vedette.media.onvif_media import Profile
from vedette.media.ws_discovery import Found
from vedette.model.errors import SourceError, SourceUnreachable
from vedette.model.failure import Failure
from vedette.model.guard import GuardPolicy
from vedette.model.source import OnvifLookup

AT_ONCE: Final = 8
"""Cameras that are asked at the same time."""
EACH_S: Final = 8.0
"""Seconds a camera has for all its answers."""
ALL_S: Final = 20.0
"""Seconds that all of them have together."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A stream that a camera offers; the address holds no password."""

    profile: Profile
    url: str


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A device, and what it offers.

    Attributes:
        service: where it was asked, or may be; empty if it announces nothing on the machine it answered from.
        offers: None if it was not asked, or did not tell.
        failure: why it did not tell.
    """

    found: Found
    service: str
    offers: tuple[Offer, ...] | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What came of it.

    Attributes:
        refused: machines that answered and that the guard forbids.
    """

    devices: tuple[Surveyed, ...]
    refused: int


def survey(
    policy: GuardPolicy,
    *,
    place: str = "",
    username: str = "",
    password: str = "",
    within_s: float = 3.0,
    interfaces: tuple[str, ...] = (),
    stop: threading.Event | None = None,
) -> Survey:
    """Search, and ask whoever is found; blocks for `within_s`, and up to 20 seconds more if somebody is asked.

    Args:
        policy: judges every address.
        place: a host (with a port, if it is not the usual one) that is searched alone, or the http address of a
            device service, which is asked without a search; empty: the network.
        username: whom to ask as; empty: only devices that were named by their service are asked.
        password: theirs.
        within_s: how long is waited for answers to the search.
        interfaces: as of `search`.
        stop: ends it early: nobody else is asked.

    Raises:
        SourceRefused: the guard forbids the place.
        SourceUnreachable: its name cannot be resolved.
    """
    refused, stop = 0, stop or threading.Event()
    if "://" in place:
        known = [Surveyed(Found(urlsplit(place).hostname or "", "", (place,)), place)]
    else:
        parts = urlsplit(f"//{place}")
        address = (parts.hostname, parts.port or PORT) if parts.hostname else None
        searched = search(policy, within_s=within_s, address=address, interfaces=interfaces, stop=stop)
        known, refused = [Surveyed(one, one.service) for one in searched.found], searched.refused
        if not username:
            return Survey(tuple(known), refused)
    deadline = time.monotonic() + ALL_S

    def ask(one: Surveyed) -> Surveyed:
        if not one.service:
            return one
        try:
            left = deadline - time.monotonic()
            if left <= 0 or stop.is_set():
                raise SourceUnreachable("there was no time left to ask it")
            asked = OnvifLookup(one.service, username, password)
            offers = tuple(Offer(*pair) for pair in offered(asked, policy, whole_s=min(left, EACH_S)))
        except SourceError as error:
            return Surveyed(one.found, one.service, failure=Failure.of(error))
        return Surveyed(one.found, one.service, offers)

    with ThreadPoolExecutor(AT_ONCE, "onvif") as pool:
        return Survey(tuple(pool.map(ask, known)), refused)
