"""The `restful` contract: the user's own server is asked for the address of a stream, and answers with JSON."""

from vedette.model.errors import SourceUnsupported
from vedette.model.guard import GuardPolicy
from vedette.model.source import RestfulLookup


def find(asked: RestfulLookup, policy: GuardPolicy) -> str:
    """Return the URL that the user's server names."""
    raise SourceUnsupported("restful sources are not read")
