"""How large an event may be: what is beyond is refused before anything is written, logged and counted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec

from vedette.model.event import Event
from vedette.model.stream import Ingest
from vedette.telemetry import logs

MESSAGE_BYTES: Final = 1 << 20
"""Bytes of an event's message as JSON, without its picture."""
PICTURE_BYTES: Final = 16 << 20
"""Bytes of an event's picture."""

_log = logs.get(__name__)


def within(batch: Ingest, refused: Callable[[str], None]) -> Ingest:
    """Return a batch without what is too large: a picture alone, or an event with its message.

    Args:
        refused: told the reason, `message_size` or `picture_size`, once for each.
    """
    progress = []
    for one in batch.progress:
        kept = tuple(fit for event in one.events if (fit := _fit(event, refused)) is not None)
        progress.append(one if kept == one.events else replace(one, events=kept))
    return replace(batch, progress=tuple(progress))


def _fit(event: Event, refused: Callable[[str], None]) -> Event | None:
    size = len(msgspec.json.encode(event.message))
    if size > MESSAGE_BYTES:
        refused("message_size")
        _log.error("an event is refused: its message is too large", task_id=event.task_id, bytes=size)
        return None
    if event.picture is not None and len(event.picture) > PICTURE_BYTES:
        refused("picture_size")
        _log.error(
            "an event is kept without its picture, which is too large", task_id=event.task_id, bytes=len(event.picture)
        )
        return replace(event, picture=None)
    return event
