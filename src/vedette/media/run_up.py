"""Back to a picture of a file by way of a key picture before it, if the file is provably as it was."""

from collections.abc import Callable, Iterator

from av.video.frame import VideoFrame

from vedette.media.mark import Mark, digest
from vedette.media.picture import Picture
from vedette.media.timeline import Timeline
from vedette.model.frame import Position


def run_up(
    frames: Iterator[VideoFrame],
    mark: Mark,
    position: Position,
    timeline: Timeline,
    see: Callable[[VideoFrame], Picture],
) -> bool:
    """Decode up to a picture; return whether it was reached, and is the same.

    Args:
        frames: decoded after a seek to the mark's key picture; if it was reached, what is left comes behind it.
        mark: of the picture.
        position: its place when the mark was made.
        timeline: no picture has been placed on it yet; is of no use any more if the picture was not reached.
        see: places a picture on the timeline.
    """
    first = next((raw for raw in frames if raw.pts is not None and raw.pts >= mark.key.stamp), None)
    if first is None or first.pts != mark.key.stamp or not first.key_frame:
        return False
    timeline.begin_at(mark.key)
    raw: VideoFrame | None = first
    while raw is not None and timeline.index < position.index:
        timeline.place(raw)
        raw = next(frames, None)
    if raw is None or timeline.index != position.index:
        return False
    picture = see(raw)
    same = picture.frame.position == position and picture.stamp == mark.stamp
    return same and digest(picture.frame.luma) == mark.digest
