"""What is written into an object: bytes, or a file that was written for it and may be larger than the memory."""

import base64
import hashlib
import os
from io import BytesIO
from typing import IO, Final

Body = bytes | IO[bytes]

_PIECE: Final = 1 << 20


def size_of(body: Body) -> int:
    """Return how many bytes it has."""
    return len(body) if isinstance(body, bytes) else body.seek(0, os.SEEK_END)


def piece(body: Body, begin: int, size: int) -> bytes:
    """Return some bytes of it."""
    if isinstance(body, bytes):
        return body[begin : begin + size]
    body.seek(begin)
    return body.read(size)


def whole(body: Body) -> IO[bytes]:
    """Return it as a file to be read from its beginning."""
    if isinstance(body, bytes):
        return BytesIO(body)
    body.seek(0)
    return body


def digest_of(body: Body) -> str:
    """Return what `Content-MD5` says of it."""
    digest = hashlib.md5(usedforsecurity=False)
    file = whole(body)
    while some := file.read(_PIECE):
        digest.update(some)
    return base64.b64encode(digest.digest()).decode()
