"""Which video of a source is decoded, and how its decoder is set up."""

from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from vedette.media.bounds import check_size
from vedette.model.errors import SourceInvalid

USUAL_FPS = 25.0
"""The rate that is reckoned with where a source does not say."""


@dataclass(frozen=True, slots=True)
class Video:
    """The video that was chosen.

    Attributes:
        stream: what is decoded.
        heard: whose packets are taken; of a live source those of every video, to notice when another one takes over.
        codec: its name, as FFmpeg writes it.
        fps: the native rate; 0 where a live source does not say.
        time_base: seconds of a unit of its time stamps.
        width: pixels by the header; 0 where a live source does not say.
        height: the same.
    """

    stream: VideoStream
    heard: list[VideoStream]
    codec: str
    fps: float
    time_base: Fraction
    width: int
    height: int


def choose_video(container: InputContainer, *, live: bool, pixels: int) -> Video:
    """Choose the video that is decoded, tell the container to leave out the rest, and set up the decoder.

    The decoder runs on one thread, for files too: frame threads finish a file sooner, but cost more CPU in all,
    and a worker has other streams to run beside.

    Args:
        container: has just been opened.
        live: the source has no end.
        pixels: width times height of the largest picture.

    Raises:
        SourceInvalid: there is none that can be decoded, or it is too large.
    """
    streams = [one for one in container.streams.video if not one.disposition & one.disposition.attached_pic]
    if not streams:
        raise SourceInvalid("the source has no video stream")
    # a live source that changed may still announce a video that gives nothing: the first with a size is at work
    sized = [one for one in streams if live and getattr(one.codec_context, "width", None)]
    stream: VideoStream = (sized or streams)[0]
    context = stream.codec_context
    if context is None:
        raise SourceInvalid("the codec of the video is not known")
    check_size(context.width, context.height, pixels)
    if not live and not (context.width and context.height):
        raise SourceInvalid("the source has no picture: its video has no size")
    heard = streams if live else [stream]
    for other in container.streams:
        if other not in heard:
            other.discard = Discard.all
    context.thread_type = "SLICE"
    context.thread_count = 1
    context.options = {"max_pixels": str(pixels)}
    rate = stream.average_rate or stream.guessed_rate
    fps = float(rate) if rate and 0.1 <= rate <= 240 else (0.0 if live else USUAL_FPS)
    time_base = stream.time_base or Fraction(1, 90_000)
    return Video(stream, heard, context.name, fps, time_base, context.width, context.height)
