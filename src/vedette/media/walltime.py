"""When a live picture was taken, by the wall clock: told by the camera, or else by when it came.

RTP carries the camera's own time in RTCP sender reports (RFC 3550, 6.4.1); FFmpeg puts it beside the packets as a
producer reference time.
"""

from collections import deque

TRUSTED_S = 2.0
"""A camera's clock that is farther from ours is wrong, and is not believed."""
_BUCKET_S = 5.0
_BUCKETS = 120
_NEAR = 12
_DRIFT_AFTER_S = 60.0


class WallTime:
    """Finds the wall-clock time of media times on one connection.

    What came the soonest waited the least: the least difference between arrival and time stamp, of each few seconds,
    is the offset of the two clocks, and its slope is their drift.

    Attributes:
        drift_ppm: how much faster than ours the source's clock runs, in millionths; None before a minute.
    """

    def __init__(self) -> None:
        self._arrivals: deque[tuple[float, float]] = deque(maxlen=_BUCKETS)  # media time, least of arrival minus it
        self._camera: float | None = None  # its time minus media time
        self._ahead: float | None = None  # its time minus ours, at the soonest arrival
        self._last = 0.0
        self._soonest = 0.0  # the least offset of the last minute
        self.drift_ppm: float | None = None

    def note(self, media_s: float, arrived_s: float, camera_s: float | None = None) -> None:
        """Take down a packet.

        Args:
            media_s: its time stamp.
            arrived_s: when it came, seconds since the epoch by our clock.
            camera_s: when it was taken by the camera's clock, if that is known.
        """
        late = arrived_s - media_s
        last = self._arrivals[-1] if self._arrivals else None
        if last is not None and abs(late - last[1]) > 10.0:  # stamps that jumped, or a clock that was set
            self._arrivals.clear()
            self._camera = self._ahead = self.drift_ppm = last = None
        if last is None or media_s - last[0] >= _BUCKET_S:
            self.drift_ppm = self._drift()
            self._arrivals.append((media_s, late))
            self._soonest = min(least for _, least in list(self._arrivals)[-_NEAR:])
        elif late < last[1]:
            self._arrivals[-1] = (last[0], late)
            self._soonest = min(self._soonest, late)
        if camera_s is not None:
            self._camera = camera_s - media_s
            self._ahead = self._camera - self._soonest

    def at(self, media_s: float | None, now_s: float) -> float:
        """Return the time of a picture, seconds since the epoch; not after now, and never before the last one's."""
        told = now_s
        if media_s is not None and self._arrivals:
            trusted = self._ahead is not None and self._camera is not None and abs(self._ahead) <= TRUSTED_S
            base = self._camera if trusted and self._camera is not None else self._soonest
            told = min(now_s, media_s + base)
        set_back = self._last - told > TRUSTED_S  # our own clock, or the offset was learnt anew
        self._last = told if set_back else max(self._last, told)
        return min(self._last, now_s)

    @property
    def camera_ahead_s(self) -> float | None:
        """How far the camera's clock is ahead of ours, less the way of a packet; None if it tells no time."""
        return self._ahead

    def _drift(self) -> float | None:
        """Return the slope of the offsets: the least squares through the least of each bucket."""
        points = list(self._arrivals)
        if len(points) < 3 or points[-1][0] - points[0][0] < _DRIFT_AFTER_S:
            return None
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        spread = sum((x - mean_x) ** 2 for x, _ in points)
        return -1e6 * sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
