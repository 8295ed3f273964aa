"""Objects of stores: how they are found, and what a store's refusals mean in the user's words."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from vedette.media.answers import is_for_later
from vedette.media.resolve import shown
from vedette.media.signing import signed
from vedette.media.store_codes import BUSY, CLOCKS, NO_BUCKET, PLACE, REDIRECTS, code_of, said
from vedette.model.errors import SourceError, SourceRefused, SourceUnreachable
from vedette.model.guard import GuardPolicy
from vedette.model.objects import ObjectStore, StoreKind
from vedette.model.source import Address, ObjectLookup


def find(address: Address, stored: ObjectLookup, _policy: GuardPolicy) -> Address:
    """Return the address under which an object can be read now; it keeps its lookup, to be signed again.

    Raises:
        SourceRefused: the object's name is one that cannot be asked for, or the store's keys cannot sign.
    """
    store = stored.store
    if store.kind is StoreKind.FOLDER:
        return replace(address, url=_below(store, stored.bucket, stored.path).as_uri(), lookup=None)
    return replace(address, url=StoredObject(stored).url(), tls_verify=store.tls_verify)


def stored_behind(address: Address) -> "StoredObject | None":
    """Return the object that a found address leads to; None if it is none of a store."""
    stored = address.lookup.stored if address.lookup is not None else None
    return StoredObject(stored) if stored is not None and stored.store.kind is not StoreKind.FOLDER else None


class StoredObject:
    """An object behind http(s), whose address is signed for every connection."""

    def __init__(self, stored: ObjectLookup, clock: Callable[[], float] = time.time) -> None:
        self._stored, self._clock = stored, clock

    def url(self) -> str:
        """Return the address, signed now.

        Raises:
            SourceRefused: the object's name is one that cannot be asked for, or the store's keys cannot sign.
        """
        _check_steps(self._stored.path)
        now = datetime.fromtimestamp(self._clock(), UTC)
        return signed(self._stored.store, self._stored.bucket, self._stored.path, now)

    def refusal(self, status: int, answer: bytes) -> SourceError:
        """Return what it means that the store answered with a status other than success.

        Args:
            status: of the answer.
            answer: the beginning of its body.
        """
        code = code_of(answer)
        if is_for_later(status) or code in BUSY:
            return SourceUnreachable(
                f"the object store at {shown(self._stored.store.address)} answered {said(status, code)}"
            )
        return SourceRefused(f"{self._meaning(status, code)} ({said(status, code)})")

    def _meaning(self, status: int, code: str) -> str:
        stored, place = self._stored, f"the object store at {shown(self._stored.store.address)}"
        if code in NO_BUCKET:
            return f"{place} has no bucket {stored.bucket!r}"
        if status == 404:
            return f"{place} has no object {stored.path!r} in the bucket {stored.bucket!r}, or no such bucket"
        if code in CLOCKS:
            return f"{place} finds the request too old or too new: compare the clock of this machine with its own"
        if status in REDIRECTS or code in PLACE:
            return f"{place} keeps the bucket {stored.bucket!r} elsewhere: check endpoint and region"
        if status in (401, 403):
            keys = "check its keys and region, and what they may read" if stored.store.access_key else "it has no keys"
            return f"{place} does not let the object {stored.path!r} of {stored.bucket!r} be read: {keys}"
        return f"{place} refuses to give the object {stored.path!r} of the bucket {stored.bucket!r}"


def _check_steps(path: str) -> None:
    """Refuse names with steps that lead upwards: many a server takes them as such, out of the bucket."""
    if {".", ".."} & set(path.split("/")):
        raise SourceRefused("the name of an object cannot have the steps `.` or `..`")


def _below(store: ObjectStore, bucket: str, path: str) -> Path:
    """Return the file of an object in a folder, after every symbolic link is resolved.

    Whether it exists is not looked at: `pin` says first whether the folder is one that may be read at all.
    """
    _check_steps(path)
    _check_steps(bucket)
    if "\0" in path or path.startswith("/") or "/" in bucket or not bucket:
        raise SourceRefused("the object's name is not one of a folder")
    try:
        root = Path(store.folder).resolve()
        within = (root / bucket).resolve()
        found = (within / path).resolve()
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        raise SourceRefused(f"the object {path!r} cannot be looked up") from None
    if not within.is_relative_to(root) or not found.is_relative_to(within):
        raise SourceRefused(f"the object {path!r} lies outside the folder of its store")
    return found
