"""Finds the URL of a source that has none of its own: somebody is asked, anew at every connection.

Who is asked depends on the kind of lookup. What comes back is an address like any other: the guard judges it when it is
opened, and no answer of a stranger names a file of ours.
"""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from vedette.media import restful
from vedette.model.errors import SourceRefused, SourceUnsupported
from vedette.model.guard import GuardPolicy
from vedette.model.source import LIVE_SCHEMES, Address, VcnLookup
from vedette.model.stream import AddressAnswer

Find = Callable[[Address], Address]
"""Returns an address that can be opened; raises a SourceError if none is found."""
REMOTE = LIVE_SCHEMES | {"http", "https", "ftp"}
"""Schemes of addresses that others may name."""


def finder(policy: GuardPolicy, ask_vcn: Callable[[VcnLookup], AddressAnswer]) -> Find:
    """Return what finds addresses under this guard.

    Args:
        policy: judges whom we ask.
        ask_vcn: gives the address of a camera of a video cloud node; its sessions are not this process's.
    """

    def find(address: Address) -> Address:
        lookup = address.lookup
        if lookup is None:
            return address
        if lookup.stored is not None:
            from vedette.media import objects  # noqa: PLC0415 - its library is large, and few streams need it

            return objects.find(address, lookup.stored, policy)
        note = ""
        if lookup.restful is not None:
            url = restful.find(lookup.restful, policy)
        elif lookup.vcn is not None:
            answer = ask_vcn(lookup.vcn)
            url, note = answer.url, answer.note
        elif lookup.onvif is not None:
            from vedette.media import onvif  # noqa: PLC0415 - its library is large, and few streams need it

            url = onvif.find(lookup.onvif, policy)
        else:
            raise SourceUnsupported("the source has neither an address nor a way to find one")
        return replace(address, url=_remote(url), lookup=None, note=note)

    return find


def as_it_is(address: Address) -> Address:
    """Return an address that needs no finding.

    Raises:
        SourceUnsupported: it does.
    """
    if address.lookup is not None:
        raise SourceUnsupported("nobody here finds the addresses of such sources")
    return address


def _remote(url: str) -> str:
    """Return a URL that somebody named, if it is of a scheme that they may name."""
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        raise SourceRefused("the answer names an address that is not a URL") from None
    if scheme not in REMOTE:
        raise SourceRefused(f"the answer names an address with the scheme {scheme[:20]!r}, which is not opened")
    return url
