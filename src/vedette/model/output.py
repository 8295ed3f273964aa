"""Where events go: the four kinds of output, as values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

RESULT: Final = 0
"""In the place of an event's type: no event, but the summary of a whole run (`store.run_results`)."""


class OutputKind(StrEnum):
    """The kinds of output, in the names of the wire."""

    OBS = "obs"
    DIS = "dis"
    WEBHOOK = "webhook"
    EVENT_CENTER = "event_center"
    HOSTING = "hosting"
    """Of the older dialect: the platform keeps the results."""
    LOCALPATH = "localpath"
    """Of the older dialect: a folder of the edge node."""


@dataclass(frozen=True, slots=True)
class ObsOutput:
    """A folder in a bucket."""

    bucket: str
    path: str
    data_category: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DisOutput:
    """A data stream."""

    stream_name: str
    data_category: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class WebhookOutput:
    """An address that is called with each event; the headers are the caller's secrets."""

    url: str
    headers: dict[str, str]
    data_category: tuple[str, ...] | None = None


Target = WebhookOutput | ObsOutput | DisOutput
"""What events are delivered to."""


@dataclass(frozen=True, slots=True)
class HostingOutput:
    """Of the older dialect: the platform keeps the results."""

    data_category: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LocalPathOutput:
    """Of the older dialect: a folder of the edge node."""

    mount_source_path: str
    data_category: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TaskOutput:
    """All outputs of a task; at least one is set."""

    obs: ObsOutput | None = None
    dis: DisOutput | None = None
    webhook: WebhookOutput | None = None
    event_center: bool | None = None
    hosting: HostingOutput | None = None
    localpath: LocalPathOutput | None = None

    def targets(self) -> tuple[tuple[OutputKind, Target], ...]:
        """Return the outputs that events are delivered to."""
        wanted = ((OutputKind.WEBHOOK, self.webhook), (OutputKind.OBS, self.obs), (OutputKind.DIS, self.dis))
        return tuple((kind, target) for kind, target in wanted if target is not None)

    def kinds(self) -> tuple[OutputKind, ...]:
        """Return the kinds that are set."""
        wanted = {
            OutputKind.OBS: self.obs,
            OutputKind.DIS: self.dis,
            OutputKind.WEBHOOK: self.webhook,
            OutputKind.EVENT_CENTER: self.event_center,
            OutputKind.HOSTING: self.hosting,
            OutputKind.LOCALPATH: self.localpath,
        }
        return tuple(kind for kind, value in wanted.items() if value)
