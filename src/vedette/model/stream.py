"""The messages of the worker protocol.

A worker syncs: it says what it holds and how that goes, and is told what it shall hold. Both sides say the
whole level each time, so a lost or repeated message does no harm. Events go by their own call, `Ingest`, and
count as told only when it is acknowledged.

The lease: a worker that has not been answered for `lease_s` seconds, counted on its own monotonic clock from
the moment it *asked*, ends its streams by itself; nobody is given them before.
The epoch: grows with every assignment of a stream; what is said under an old one is refused.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from vedette.model.event import Event
from vedette.model.failure import Failure
from vedette.model.frame import Position
from vedette.model.ids import ProjectId, RunId, StreamId, TaskId, WorkerId
from vedette.model.look import Look, Probe
from vedette.model.source import Address, VcnLookup


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run can go on.

    Attributes:
        position: the last picture that was analysed.
        state: what the run knew then (opaque to all but `worker.memory`), or None: replay from the start.
        seek: what the reader needs to come back to the position (opaque), or None: decode from the start.
        frames: pictures analysed in this run so far.
    """

    position: Position
    state: bytes | None
    seek: bytes | None
    frames: int


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task on a stream.

    Attributes:
        service: name of the algorithm service.
        config: `config.common` as the caller sent it, over the defaults of the deployment.
        stream_name: `stream_id` of the messages.
        started_ms: start of the run, milliseconds since the epoch.
        fps: pictures a second to analyse, if the deployment says so; None for what is usual.
    """

    task_id: TaskId
    run_id: RunId
    project_id: ProjectId
    service: str
    service_version: str
    config: dict[str, Any]
    stream_name: str
    started_ms: int
    checkpoint: Checkpoint | None = None
    fps: float | None = None


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One source to open, and the runs that feed on it."""

    stream_id: StreamId
    address: Address
    runs: tuple[TaskRun, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A stream handed to a worker.

    Attributes:
        epoch: grows with every assignment of this stream.
        revision: changes when the set of runs, or their configuration, does.
    """

    spec: StreamSpec
    epoch: int
    revision: str


class StreamState(StrEnum):
    """How a stream goes, as its worker sees it."""

    OPENING = "opening"
    FLOWING = "flowing"
    AWAY = "away"
    """A live source that is being tried again."""
    ENDED = "ended"
    """The file is finished, and every event of it is acknowledged."""
    REFUSED = "refused"
    """It could not be opened, and no retry cures that."""
    FAILED = "failed"
    """It broke after it had started."""


@dataclass(frozen=True, slots=True)
class StreamStats:
    """Counters of one stream since it was opened by this worker.

    Attributes:
        decoded: pictures decoded.
        analysed: pictures handed to the algorithms.
        dropped: pictures not analysed, by reason.
        bytes_in: bytes demuxed.
        reconnects: connections lost and tried again.
        corrupt: packets that came damaged, or that the decoder refused.
        lag_s: how far the newest analysed picture is behind what the source sends.
        last_frame_ms: when the last picture came, milliseconds since the epoch; 0 for never.
        fps: pictures a second that the source says it has; 0 where it does not say.
        fps_in: pictures a second that came, lately; those left out undecoded count.
        fps_analysed: pictures a second that were analysed, lately.
        bits_per_s: bits a second that were demuxed, lately.
        drift_ppm: how much faster than ours a live source's clock runs, in millionths; None while that is not known.
        camera_ahead_s: how far a live source's clock is ahead of ours; None if it tells no time of day.

    What came is what was decoded and what was left out for being `behind`; what was decoded is what was analysed, what
    was dropped for any other reason, and what waits (of a live source one picture at most).
    """

    decoded: int = 0
    analysed: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    bytes_in: int = 0
    reconnects: int = 0
    corrupt: int = 0
    lag_s: float = 0.0
    last_frame_ms: int = 0
    width: int = 0
    height: int = 0
    codec: str = ""
    fps: float = 0.0
    fps_in: float = 0.0
    fps_analysed: float = 0.0
    bits_per_s: float = 0.0
    drift_ppm: float | None = None
    camera_ahead_s: float | None = None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A version of a service that could not take the place of the one before, which goes on."""

    service_version: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class RunReport:
    """How one run goes.

    Attributes:
        frames: pictures analysed in this run, over all its workers.
        events: events told by this worker.
        note: for the task's `status`, such as which detector is at work.
        failure: set when the algorithm gave up.
        service_version: the version at work that has seen its first pictures.
        trying: the version that is ready to take its place and has not seen them yet; or none.
        given_up: set when a version could not take the place of the one at work.
    """

    run_id: RunId
    frames: int
    events: int
    note: str = ""
    failure: Failure | None = None
    service_version: str = ""
    trying: str = ""
    given_up: GivenUp | None = None


@dataclass(frozen=True, slots=True)
class StreamReport:
    """How one stream goes.

    Attributes:
        cores: what it costs its worker, measured lately; None while that is not known.
    """

    stream_id: StreamId
    epoch: int
    revision: str
    state: StreamState
    failure: Failure | None
    stats: StreamStats
    runs: tuple[RunReport, ...]
    cores: float | None = None


@dataclass(frozen=True, slots=True)
class Sync:
    """A worker's side of the conversation.

    Attributes:
        wait_s: how long the answer may be held back while there is nothing new.
        capacity: how many streams this worker can hold.
        looks: what it has seen of sources since the last sync that was answered.
        number: grows with each; two may be under way, and the older one may come last. 0 where it is not counted.
    """

    worker_id: WorkerId
    node: str
    pid: int
    capacity: int
    wait_s: float
    streams: tuple[StreamReport, ...]
    looks: tuple[Look, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class Orders:
    """The control plane's side.

    Attributes:
        lease_s: seconds the worker may go on without another answer.
        held: what it holds and shall go on holding.
        changed: what it shall take up, or take over in a new revision.
        drain: finish what is buffered, hand everything back, and exit.
        probes: sources to look at once, beside the streams.
    Whatever it holds and is in neither list is ended.
    """

    lease_s: float
    held: tuple[tuple[StreamId, int], ...]
    changed: tuple[Assignment, ...]
    drain: bool = False
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Events of one run, and the checkpoint that follows them."""

    task_id: TaskId
    run_id: RunId
    events: tuple[Event, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Ingest:
    """What a worker hands over; stored in one transaction, then acknowledged."""

    worker_id: WorkerId
    stream_id: StreamId
    epoch: int
    progress: tuple[RunProgress, ...]


@dataclass(frozen=True, slots=True)
class IngestAnswer:
    """`accepted` is False for an old epoch: the stream is somebody else's now."""

    accepted: bool
    stored: int


@dataclass(frozen=True, slots=True)
class AddressQuestion:
    """A worker asks for the address of a camera whose sessions the control plane holds, before each connection."""

    worker_id: WorkerId
    stream_id: StreamId
    epoch: int
    vcn: VcnLookup


@dataclass(frozen=True, slots=True)
class AddressAnswer:
    """Either an address or a failure.

    Attributes:
        url: what to open; good for one connection.
        failure: why there is none.
        transient: asking again may help.
        note: a warning that came with the address, for the task's `status`.
    """

    url: str = field(default="", repr=False)
    failure: Failure | None = None
    transient: bool = False
    note: str = ""
