"""The answers on streams, described."""

from vedette.schemas.common import Wire


class StreamFailure(Wire):
    """Why a stream gives nothing."""

    code: str
    """Code of the error."""
    message: str
    """What happened; it names no credentials."""


class StreamInfo(Wire):
    """How a stream goes. Counters begin anew when another worker process takes the stream over."""

    stream_id: str
    """Its id; tasks of a project that look at the same live source share one."""
    tasks: list[str]
    """Ids of the caller's tasks that feed on it, oldest first."""
    node: str
    """The machine that reads it."""
    state: str
    """`opening`, `flowing`, `away` (a live source that is being tried again), `ended`, `refused` or `failed`."""
    failure: StreamFailure | None
    """Why it is away, or what the last try ended in; `null` while it flows."""
    codec: str
    """Codec of the video, in FFmpeg's word; empty before it is known."""
    width: int
    """Width of its pictures; 0 before it is known."""
    height: int
    """Height of its pictures."""
    fps: float
    """Pictures a second that the source says it has; 0 where it does not say."""
    fps_in: float
    """Pictures a second that came, over the last five seconds."""
    fps_analysed: float
    """Pictures a second that were analysed, over the last five seconds."""
    bits_per_s: int
    """Bits of video a second, over the last five seconds."""
    bytes_in: int
    """Bytes of video that came."""
    decoded: int
    """Pictures that were decoded: `analysed`, all `dropped` but `behind` and `missing`, and at most one that waits."""
    analysed: int
    """Pictures that were handed to the algorithms."""
    dropped: dict[str, int]
    """Pictures that were not analysed, by reason: `not_due` (fewer are wanted), `overtaken` (a newer one came before the
    algorithms were ready), `behind` (decoding was too slow; these were never decoded), `missing` (a live playlist named
    segments that could not be had; reckoned from their duration)."""
    corrupt: int
    """Packets that came damaged, or that the decoder refused."""
    reconnects: int
    """Connections that were lost, or could not be made, and were tried again."""
    cores: float | None
    """Processor cores it uses, measured over some seconds; `null` in the first ones."""
    lag_s: float
    """How far the picture analysed last was behind what the source sent, in seconds."""
    last_frame_at: int | None
    """When the last picture came, in milliseconds since the epoch; `null` before the first."""
    drift_ppm: float | None
    """How much faster than ours the source's clock runs, in millionths; `null` in the first minute, and for files."""
    camera_ahead_s: float | None
    """How far the source's clock is ahead of ours, in seconds, by its RTCP sender reports; `null` if it sends none."""


class StreamList(Wire):
    """The streams of a project."""

    count: int
    """How many there are."""
    streams: list[StreamInfo]
    """All of them, in the order of their ids."""
