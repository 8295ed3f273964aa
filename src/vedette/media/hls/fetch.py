"""What playlists point to, fetched through the guard: each address, and each redirect, is judged before it is asked."""

import threading
from typing import Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC

from vedette.media.connection import Timeouts
from vedette.media.hls.playlist import Key, Map, Segment, Span
from vedette.media.http import HttpFile
from vedette.model.errors import SourceInvalid, SourceLost, SourceRefused
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

MAX_MAP = 16 << 20
"""What stands before segments is refused if it is longer."""
MAX_SEGMENT = 4 << 30
"""So is a segment that is longer than this; it is never held as a whole."""
_BLOCK = 16
_PIECE = 64 << 10


class Bytes(Protocol):
    """What can be read to its end."""

    def read(self, size: int) -> bytes: ...


class Fetcher:
    """Opens what a playlist names.

    Attributes:
        address: of the playlist that was asked for; what it says of certificates holds for all.
    """

    def __init__(self, address: Address, *, policy: GuardPolicy, stop: threading.Event, timeouts: Timeouts) -> None:
        self.address, self._policy, self._stop, self._timeouts = address, policy, stop, timeouts
        self._file: tuple[str, HttpFile] | None = None  # of the segment read last: the next may be its neighbour
        self._keys: dict[str, bytes] = {}
        self._map: tuple[Map, bytes] | None = None

    def open(self, url: str, max_bytes: int) -> HttpFile:
        """Connect.

        Raises:
            SourceRefused: the address is none that is followed, the guard or the server says no.
            SourceUnreachable: nobody answers.
        """
        scheme = urlsplit(url).scheme.lower()
        if scheme not in ("http", "https"):
            raise SourceRefused(f"the playlist points to the scheme {scheme[:20]!r}, which is not followed")
        address = Address(url, Liveness.FILE, self.address.tls_verify)
        return HttpFile(address, policy=self._policy, stop=self._stop, timeouts=self._timeouts, max_bytes=max_bytes)

    def segment(self, segment: Segment) -> Bytes:
        """Return the bytes of a segment, decrypted; one segment is read at a time."""
        if self._file is not None and not (self._file[0] == segment.url and _holds(self._file[1], segment.span)):
            self.close()
        if self._file is None:
            self._file = segment.url, self.open(segment.url, MAX_SEGMENT)
        file: Bytes = _Part(self._file[1], segment.span)
        if segment.key is None:
            return file
        vector = segment.key.vector or segment.sequence.to_bytes(_BLOCK, "big")
        return _Decrypted(file, self._key(segment.key), vector)

    def map(self, wanted: Map) -> bytes:
        """Return what stands before segments."""
        if self._map is None or self._map[0] != wanted:
            file = self.open(wanted.url, MAX_SEGMENT if wanted.span else MAX_MAP)
            try:
                part: Bytes = _Part(file, wanted.span)
                if wanted.key is not None:
                    part = _Decrypted(part, self._key(wanted.key), wanted.key.vector or bytes(_BLOCK))
                self._map = wanted, whole(part, MAX_MAP)
            finally:
                file.close()
        return self._map[1]

    def close(self) -> None:
        """Hang up."""
        if self._file is not None:
            self._file[1].close()
            self._file = None

    def _key(self, key: Key) -> bytes:
        if key.url not in self._keys:
            file = self.open(key.url, 1 << 10)
            try:
                found = whole(file, 1 << 10)
            finally:
                file.close()
            if len(found) != _BLOCK:
                raise SourceInvalid(f"the key of the segments has {len(found)} bytes instead of {_BLOCK}")
            if len(self._keys) >= 16:  # keys rotate
                del self._keys[next(iter(self._keys))]
            self._keys[key.url] = found
        return self._keys[key.url]


def _holds(file: HttpFile, span: Span | None) -> bool:
    """Return whether an open file has a range; it may have grown since it was opened."""
    return span is None or file.size is None or span.first + span.length <= file.size


def whole(source: Bytes, limit: int) -> bytes:
    """Read to the end.

    Raises:
        SourceInvalid: that is farther than `limit` bytes.
    """
    pieces = bytearray()
    while piece := source.read(_PIECE):
        pieces += piece
        if len(pieces) > limit:
            raise SourceInvalid(f"what the playlist points to is longer than {limit} bytes")
    return bytes(pieces)


class _Part:
    """A range of a file, or all of it."""

    def __init__(self, file: HttpFile, span: Span | None) -> None:
        self._file, self._left = file, span.length if span else None
        first = span.first if span else 0
        if file.tell() != first:
            file.seek(first)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes.

        Raises:
            SourceLost: the file ends before the range does.
        """
        if self._left is None:
            return self._file.read(size)
        if self._left == 0:
            return b""
        piece = self._file.read(min(size, self._left))
        if not piece:
            raise SourceLost("it is shorter than the playlist says")
        self._left -= len(piece)
        return piece


class _Decrypted:
    """AES-128 in CBC mode with PKCS #7 padding (RFC 8216, 4.3.2.4), while it is read."""

    def __init__(self, source: Bytes, key: bytes, vector: bytes) -> None:
        self._source = source
        self._cipher = Cipher(AES128(key), CBC(vector)).decryptor()
        self._held = b""  # the last block, of which padding is cut off
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return some bytes; none at the end.

        Raises:
            SourceInvalid: it does not decrypt to whole blocks with padding.
        """
        while not self._ended:
            piece = self._source.read(max(size - _BLOCK, _BLOCK))
            if not piece:
                self._ended = True
                return self._last()
            plain = self._held + self._cipher.update(piece)
            keep = min(len(plain), _BLOCK)
            self._held = plain[len(plain) - keep :]
            if len(plain) > keep:
                return plain[: len(plain) - keep]
        return b""

    def _last(self) -> bytes:
        try:
            plain = self._held + self._cipher.finalize()
        except ValueError:
            raise SourceInvalid("an encrypted segment does not end with a whole block") from None
        count = plain[-1] if plain else 0
        if not 1 <= count <= _BLOCK or plain[-count:] != bytes([count]) * count:
            raise SourceInvalid("an encrypted segment cannot be decrypted with its key")
        return plain[:-count]
