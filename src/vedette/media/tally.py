"""What is counted of a source, over all its connections."""

from dataclasses import dataclass, replace

from vedette.media.rates import Rates
from vedette.media.reader import Reader
from vedette.media.sampler import BEHIND, MISSING, Passed
from vedette.model.stream import StreamStats


@dataclass(frozen=True, slots=True)
class Tally:
    """Counters, and what the present connection says of itself; replaced as a whole."""

    decoded: int = 0
    bytes_in: int = 0
    corrupt: int = 0
    behind: int = 0
    missing: int = 0
    reconnects: int = 0
    last_frame_ms: int = 0
    width: int = 0
    height: int = 0
    codec: str = ""
    fps: float = 0.0
    lag_s: float = 0.0
    drift_ppm: float | None = None
    camera_ahead_s: float | None = None

    @classmethod
    def of(cls, reader: Reader) -> "Tally":
        """Return what a connection has counted up to now."""
        behind = reader.flow.behind if reader.flow else 0
        return cls(reader.decoded, reader.bytes_in, reader.corrupt, behind, reader.missing)

    def plus(self, reader: Reader, now: "Tally", before: "Tally", wall_ms: int) -> "Tally":
        """Return the sum with what a connection counted between two moments.

        Args:
            reader: the connection.
            now: its counters now.
            before: its counters when they were added last.
            wall_ms: milliseconds since the epoch.
        """
        flow = reader.flow
        return Tally(
            decoded=self.decoded + now.decoded - before.decoded,
            bytes_in=self.bytes_in + now.bytes_in - before.bytes_in,
            corrupt=self.corrupt + now.corrupt - before.corrupt,
            behind=self.behind + now.behind - before.behind,
            missing=self.missing + now.missing - before.missing,
            reconnects=self.reconnects,
            last_frame_ms=wall_ms if now.decoded > before.decoded else self.last_frame_ms,
            width=reader.width,
            height=reader.height,
            codec=reader.codec,
            fps=reader.fps,
            lag_s=flow.lag_s if flow else 0.0,
            drift_ppm=flow.wall.drift_ppm if flow else None,
            camera_ahead_s=flow.wall.camera_ahead_s if flow else None,
        )

    def reconnected(self) -> "Tally":
        """Return the counters after one more connection that was lost."""
        return replace(self, reconnects=self.reconnects + 1)

    def stats(self, passed: Passed, rates: Rates) -> StreamStats:
        """Return all of it as it is reported."""
        unseen = {why: count for why, count in ((BEHIND, self.behind), (MISSING, self.missing)) if count}
        fps_in, fps_analysed, bytes_per_s = rates.of(self.decoded + self.behind, passed.taken, self.bytes_in)
        return StreamStats(
            decoded=self.decoded,
            analysed=passed.taken,
            dropped=passed.dropped | unseen,
            bytes_in=self.bytes_in,
            reconnects=self.reconnects,
            corrupt=self.corrupt,
            lag_s=passed.lag_s + self.lag_s,
            last_frame_ms=self.last_frame_ms,
            width=self.width,
            height=self.height,
            codec=self.codec,
            fps=self.fps,
            fps_in=fps_in,
            fps_analysed=fps_analysed,
            bits_per_s=bytes_per_s * 8,
            drift_ppm=self.drift_ppm,
            camera_ahead_s=self.camera_ahead_s,
        )
