"""The client end of the worker protocol: three calls over HTTP, MessagePack both ways."""

from typing import TypeVar

import msgspec
import urllib3

from vedette.model.errors import SourceError, SourceRefused, SourceUnreachable, Unauthorized, Unavailable
from vedette.model.stream import AddressAnswer, AddressQuestion, Ingest, IngestAnswer, Orders, Sync

T = TypeVar("T")

SYNC_PATH = "/vedette/worker/v1/sync"
INGEST_PATH = "/vedette/worker/v1/ingest"
ADDRESS_PATH = "/vedette/worker/v1/address"
ADDRESS_S = 90.0
"""The control plane asks somebody else, who may take his time; see `media.vcn.CALL_S`."""
KEY_HEADER = "X-Vedette-Worker-Key"


class Link:
    """Speaks with the control plane; every call may be made from any thread."""

    def __init__(self, url: str, key: str, *, timeout_s: float = 5.0) -> None:
        self._url = url.rstrip("/")
        self._headers = {KEY_HEADER: key, "Content-Type": "application/msgpack"}
        self._timeout_s = timeout_s
        self._pool = urllib3.PoolManager(maxsize=64, retries=False)  # each stream may ask for its address at a time

    def sync(self, message: Sync) -> Orders:
        """Say how things go, and learn what to hold.

        Raises:
            Unavailable: no answer; say it again.
            Unauthorized: the control plane does not know the key.
        """
        return self._call(SYNC_PATH, message, Orders, self._timeout_s + message.wait_s)

    def ingest(self, batch: Ingest) -> IngestAnswer:
        """Hand over events.

        Raises:
            Unavailable: no answer; hand them over again.
            Unauthorized: the control plane does not know the key.
        """
        return self._call(INGEST_PATH, batch, IngestAnswer, 4 * self._timeout_s)

    def address(self, question: AddressQuestion) -> AddressAnswer:
        """Ask for the address of a camera whose sessions the control plane holds.

        Raises:
            SourceUnreachable: nobody answers; ask again.
            SourceError: there is none.
        """
        try:
            answer = self._call(ADDRESS_PATH, question, AddressAnswer, ADDRESS_S)
        except (Unavailable, Unauthorized) as error:
            raise SourceUnreachable(error.message) from None
        if answer.failure is None:
            return answer
        kinds: dict[str, type[SourceError]] = {kind.code: kind for kind in SourceError.__subclasses__()}
        usual = SourceUnreachable if answer.transient else SourceRefused
        raise kinds.get(answer.failure.code, usual)(answer.failure.message)

    def _call(self, path: str, message: Sync | Ingest | AddressQuestion, kind: type[T], timeout_s: float) -> T:
        body = msgspec.msgpack.encode(message)
        try:
            answer = self._pool.request(
                "POST", self._url + path, body=body, headers=self._headers, timeout=timeout_s, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"The control plane does not answer: {type(error).__name__}.") from error
        if answer.status == 401:
            raise Unauthorized("The control plane does not know this worker.")
        if answer.status != 200:
            raise Unavailable(f"The control plane answered {answer.status}.")
        try:
            return msgspec.msgpack.decode(answer.data, type=kind)
        except msgspec.DecodeError as error:
            raise Unavailable("The control plane's answer is not to be understood.") from error
