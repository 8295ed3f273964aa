"""The codes by which object stores refuse, of all three makes, by what they mean to the user."""

import re
from typing import Final

ANSWER: Final = 8 << 10
"""Bytes of a refusal that are read to find its code."""
BUSY: Final = frozenset({"SlowDown", "RequestTimeout", "ServerBusy", "OperationTimedOut", "InternalError"})
CLOCKS: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired", "ExpiredToken"})
NO_BUCKET: Final = frozenset({"NoSuchBucket", "ContainerNotFound", "InvalidBucketName"})
PLACE: Final = frozenset(
    {
        "PermanentRedirect",
        "TemporaryRedirect",
        "AuthorizationHeaderMalformed",
        "AuthorizationQueryParametersError",
        "InvalidRegion",
    }
)
REDIRECTS: Final = frozenset({301, 302, 307, 308})

_CODE: Final = re.compile(
    rb"<Code>\s*([A-Za-z][A-Za-z0-9_.]{0,63})\s*</Code>|\"(?:reason|code)\":\s*\"([A-Za-z]{1,64})\""
)


def code_of(answer: bytes) -> str:
    """Return the code in the body of a refusal; empty where there is none."""
    found = _CODE.search(answer)
    return (found[1] or found[2]).decode() if found else ""


def said(status: int, code: str) -> str:
    """Return status and code for a message."""
    return f"{status} {code}".rstrip()
