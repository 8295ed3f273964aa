"""What it means that an object store does not take an object, in the user's words. No secret is in them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from vedette.media.answers import is_for_later
from vedette.media.store_codes import BUSY, CLOCKS, NO_BUCKET, PLACE, REDIRECTS, code_of, said
from vedette.model.errors import SinkBusy, SinkError, SinkRefused
from vedette.model.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object goes."""

    store: ObjectStore
    bucket: str
    key: str

    @property
    def shown(self) -> str:
        """The store, for messages."""
        parts = urlsplit(self.store.address)
        return f"The object store {self.store.name} at {parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def refusal(
    place: Place, status: int, answer: bytes, retry_after_s: float | None = None, *, removing: bool = False
) -> SinkError:
    """Return the error for an answer other than success.

    Args:
        answer: the beginning of its body.
        retry_after_s: the pause that it asks for.
        removing: the object was to be removed, not written.
    """
    code = code_of(answer)
    if is_for_later(status) or code in BUSY:
        return SinkBusy(f"{place.shown} answered {said(status, code)}.", retry_after_s=retry_after_s)
    return SinkRefused(f"{_meaning(place, status, code, removing=removing)} ({said(status, code)}).")


def _meaning(place: Place, status: int, code: str, *, removing: bool) -> str:
    if code in NO_BUCKET or status == 404:
        return f"{place.shown} has no bucket {place.bucket!r}"
    if code in CLOCKS:
        return f"{place.shown} finds the request too old or too new: compare the clock of this machine with its own"
    if status in REDIRECTS or code in PLACE:
        return f"{place.shown} keeps the bucket {place.bucket!r} elsewhere: check endpoint and region"
    if status in (401, 403):
        done, may = ("removed from", "remove") if removing else ("written to", "write")
        keys = f"check its keys and region, and what they may {may}" if place.store.access_key else "it has no keys"
        return f"{place.shown} does not let objects be {done} the bucket {place.bucket!r}: {keys}"
    if removing:
        return f"{place.shown} refuses to remove the object {place.key!r} from the bucket {place.bucket!r}"
    return f"{place.shown} refuses to take the object {place.key!r} into the bucket {place.bucket!r}"
