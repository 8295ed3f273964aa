"""ONVIF: a camera is asked for the address of its stream.

Of what a device announces only paths and ports are taken:
its services are asked on the host that was named, and a password goes nowhere else.
"""

from typing import Final
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from vedette.media.onvif_dialogue import Dialogue
from vedette.media.onvif_media import MediaService, Profile, media_services, profiles_of
from vedette.media.resolve import pin
from vedette.media.soap import text
from vedette.model.errors import SourceError, SourceRefused, SourceUnsupported
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness, OnvifLookup

WHOLE_S: Final = 15.0
"""Seconds a camera has for all its answers."""
STREAMS: Final = frozenset({"rtsp", "rtsps", "http", "https"})
"""Schemes of addresses that a camera may name."""
LONGEST_URL: Final = 2000


def find(asked: OnvifLookup, policy: GuardPolicy, *, whole_s: float = WHOLE_S) -> str:
    """Return the address of a camera's stream, with user and password in it.

    Raises:
        SourceRefused: the guard or the camera says no, or it has no such profile.
        SourceUnreachable: it does not answer in time, or cannot now.
        SourceInvalid: it answers with what is no ONVIF.
        SourceUnsupported: it has no media service.
    """
    camera = Camera(asked, policy, whole_s=whole_s)
    url = camera.stream(_chosen(camera.profiles(), asked.profile, camera.shown).token)
    return camera.with_login(url)


def _chosen(profiles: tuple[Profile, ...], wanted: str, shown: str) -> Profile:
    fitting = [one for one in profiles if wanted in ("", one.token)] or [one for one in profiles if one.name == wanted]
    if fitting:
        return fitting[0]
    offered = ", ".join(repr(one.token[:40]) for one in profiles[:8]) or "none"
    raise SourceRefused(f"{shown} has no profile {wanted[:40]!r}; it has {offered}")


class Camera:
    """One camera, asked as one user.

    Args of the constructor:
        whole_s: seconds for all that is asked.
    """

    def __init__(self, asked: OnvifLookup, policy: GuardPolicy, *, whole_s: float = WHOLE_S) -> None:
        """Judge the address; ask nothing yet.

        Raises:
            SourceRefused: the guard says no, or it is no http address.
            SourceUnreachable: the name cannot be resolved.
        """
        self._asked, self._policy = asked, policy
        self._dialogue = Dialogue(asked, policy, whole_s=whole_s)
        self._media: MediaService | None = None

    @property
    def shown(self) -> str:
        """Return scheme, host and port of its device service."""
        return self._dialogue.device.shown

    def profiles(self) -> tuple[Profile, ...]:
        """Return the profiles that have video, in the camera's order.

        Raises:
            SourceError: as `find`.
        """
        for media in media_services(self._dialogue):
            self._media = media
            try:
                answer = self._dialogue.ask(media.place, media.namespace, "GetProfiles", media.profiles)
            except SourceUnsupported:  # it announced what it does not have
                continue
            return profiles_of(answer)
        raise SourceUnsupported(f"{self.shown} has no media service")

    def stream(self, token: str) -> str:
        """Return the address of a profile's stream, as the camera gives it.

        Raises:
            SourceError: as `find`.
        """
        if self._media is None:
            self.profiles()
        media = self._media
        assert media is not None
        body = f"{media.stream}<ProfileToken>{escape(token)}</ProfileToken>"
        answer = self._dialogue.ask(media.place, media.namespace, "GetStreamUri", body)
        url = text(answer, "Uri") or text(answer, "MediaUri/Uri")
        try:
            scheme = urlsplit(url).scheme.lower() if len(url) <= LONGEST_URL else ""
        except ValueError:
            scheme = ""
        if scheme not in STREAMS:
            raise SourceRefused(f"{self.shown} names an address with the scheme {scheme[:20]!r}, which is not opened")
        pin(Address(url, Liveness.LIVE), self._policy, ())
        return url

    def with_login(self, url: str) -> str:
        """Return the address with user and password, if it is on the host that they are for, and has none."""
        parts = urlsplit(url)
        if not self._asked.username or parts.username or (parts.hostname or "") != self._dialogue.device.host:
            return url
        login = f"{quote(self._asked.username, safe='')}:{quote(self._asked.password, safe='')}"
        return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()


def offered(asked: OnvifLookup, policy: GuardPolicy, *, whole_s: float = WHOLE_S) -> list[tuple[Profile, str]]:
    """Return the profiles of a camera with the addresses of their streams, which hold no password of ours.

    Raises:
        SourceError: as `find`; of single streams it is passed over, with an empty address in its place.
    """
    camera = Camera(asked, policy, whole_s=whole_s)
    found = []
    for profile in camera.profiles():
        try:
            found.append((profile, camera.stream(profile.token)))
        except SourceError:
            found.append((profile, ""))
    return found
