"""Makes the `result.json` of a run: its summary, and the messages of its events in the order of their numbers.

The events are read a page at a time, and what is made of them is kept in memory up to a limit, beyond it on the disk.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from vedette.delivery.categories import FACE_IMAGE, ORIGIN_IMAGE, wants
from vedette.delivery.sinks.base import Delivery
from vedette.delivery.sinks.object_names import encode, stem
from vedette.model.errors import SinkBusy, Unavailable
from vedette.model.ids import RunId, TaskId
from vedette.model.output import ObsOutput
from vedette.model.pictures import ORIGIN
from vedette.store.run_results import Told

NAME: Final = "result.json"
IN_MEMORY: Final = 8 << 20
"""Bytes of a file that are kept in memory; a larger one is made on the disk."""

Pages = Callable[[TaskId, RunId, int], Awaitable[Sequence[Told]]]
"""Gives the next events of a run after a `seq`; none at the end."""


def name_of(target: ObsOutput, delivery: Delivery) -> str:
    """Return what the file is called: `<path>/<input path>/result.json`."""
    below = target.path.strip("/")
    name = f"{delivery.message['path']}/{NAME}"
    return f"{below}/{name}" if below else name


class ResultFiles:
    """Makes them.

    Args:
        pages: reads the events.
        kinds: event types by their number.
        cuts: those of them whose picture is a part cut out of the whole one.
    """

    def __init__(self, pages: Pages, kinds: Mapping[int, str], cuts: Collection[int] = ()) -> None:
        self._pages, self._kinds, self._cuts = pages, kinds, cuts

    async def make(self, delivery: Delivery, target: ObsOutput) -> IO[bytes]:
        """Return the file of a run; whoever asks closes it. The same run gives the same bytes.

        Raises:
            SinkBusy: the events cannot be read now, or the disk is full.
        """
        summary = delivery.message["summary"]
        run, counts, last = RunId(summary["run_id"]), Counter[int](), 0
        body = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - whoever asks closes it
        try:
            body.write(encode(summary)[:-1] + b',"results":[')
            while page := await self._pages(delivery.task_id, run, last):
                await asyncio.to_thread(_write, body, [_entry(target, one, self._cuts) for one in page], first=not last)
                counts.update(one.event_type for one in page)
                last = page[-1].seq
            kinds = {self._kinds.get(number, str(number)): count for number, count in sorted(counts.items())}
            body.write(b"]," + encode({"events": counts.total(), "kinds": kinds})[1:])
        except Unavailable as error:
            body.close()
            raise SinkBusy("The events of the run cannot be read now.") from error
        except OSError as error:
            body.close()
            raise SinkBusy(f"The results of the run cannot be gathered ({error.strerror}).") from error
        except BaseException:
            body.close()
            raise
        return body


def _entry(target: ObsOutput, one: Told, cuts: Collection[int]) -> dict[str, Any]:
    name = stem(target.path, one)
    pictures = _pictures(target, one, name, cut=one.event_type in cuts) if one.pictured else {}
    return {"number": one.number, **pictures, "message": one.message}


def _pictures(target: ObsOutput, one: Told, name: str, *, cut: bool) -> dict[str, str]:
    """Return the names of the pictures that lie beside the message."""
    if not cut:
        return {"picture": f"{name}.jpg"} if wants(ORIGIN_IMAGE, target.data_category) else {}
    pictures = {"picture": f"{name}.jpg"} if wants(FACE_IMAGE, target.data_category) else {}
    # whether the whole picture was kept, the message alone says
    kept = stem("", one) + ORIGIN in one.message["data"].values()
    return pictures | ({"origin_picture": name + ORIGIN} if kept and wants(ORIGIN_IMAGE, target.data_category) else {})


def _write(body: IO[bytes], entries: Sequence[Mapping[str, Any]], *, first: bool) -> None:
    text = b",\n".join(encode(entry) for entry in entries)
    body.write((b"\n" if first else b",\n") + text)
