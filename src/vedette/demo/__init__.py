"""The demonstration: a service of its own, a task over the public API, and the events as they arrive.

It is a client. It knows the vocabulary and our invented scene, and of the service only its command and its REST API.
"""

import os
import secrets
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from vedette.demo import video as videos
from vedette.demo.client import Client, wait_until
from vedette.demo.receiver import Inbox, listening
from vedette.demo.screen import Screen
from vedette.demo.service import Credentials, Running, models_folder, running
from vedette.demo.video import Video
from vedette.demo.watch import Outcome, Watch
from vedette.model.errors import Unavailable, VedetteError

READY_S = 60.0


def run(video: str | None, out: Path, serve_command: Sequence[str], *, seconds: float = 60.0) -> int:
    """Run the demonstration and return the exit status: 0 if events arrived, none was lost, and the script agrees.

    Args:
        video: file or URL; None for a scene of our own.
        out: folder for the scene, the pictures of the events, and the service's log.
        serve_command: starts the service; it is given its settings in the environment.
        seconds: how long a live source is watched.
    """
    screen = Screen()
    try:
        out.mkdir(parents=True, exist_ok=True)
        looked_at = _video(video, out, screen)
        for old in out.glob("event-[0-9][0-9][0-9][0-9].jpg"):
            old.unlink()
        with _terminated_is_interrupted():
            outcome = _run(looked_at, out.resolve(), serve_command, seconds, screen)
    except VedetteError as error:
        screen.say(f"demo: {error.message}")
        return 1
    except OSError as error:
        screen.say(f"demo: {error}")
        return 1
    except KeyboardInterrupt:
        screen.say("demo: stopped by hand")
        return 130
    _sum_up(outcome, screen)
    return 0 if outcome.good else 1


def _video(named: str | None, out: Path, screen: Screen) -> Video:
    if named is not None:
        return videos.given(named)
    screen.say("no video given: a camera scene is generated (people walk about, some through a marked zone)")
    made = videos.generated(out / "scene.mp4")
    assert made.script is not None, "our own scene has a script"
    screen.say(
        f"scene: {made.script.seconds:.0f} s, {made.script.figures} figures, "
        f"{len(made.script.entries)} steps into the zone; {out / 'scene.mp4'}"
    )
    return made


def _run(video: Video, out: Path, command: Sequence[str], seconds: float, screen: Screen) -> Outcome:
    credentials, secret = Credentials(), secrets.token_urlsafe(18)
    inbox = Inbox(out, secret)
    with tempfile.TemporaryDirectory(prefix="vedette-demo-", ignore_cleanup_errors=True) as folder:
        data = Path(folder)
        (data / "no-models").mkdir()
        models = data / "no-models" if video.script else models_folder(os.environ)
        with (
            listening(inbox) as webhook,
            running(command, credentials, data, models, video.root, out / "service.log") as service,
            screen,
        ):
            client = Client(service.url, credentials)
            _await(service, client)
            screen.say(f"service ready at {service.url}; its log is {out / 'service.log'}")
            client.log_in()
            watch = Watch(client, inbox, screen)
            task_id = watch.create(video, webhook, secret)
            watch.follow(task_id, seconds if video.live else None)
            return watch.outcome(task_id, video)


def _await(service: Running, client: Client) -> None:
    ready = wait_until(lambda: service.has_ended() or client.is_ready(), READY_S, every=0.1)
    if service.has_ended() or not ready:
        raise Unavailable(f"The service did not start; the end of its log:\n{service.last_words()}")


@contextmanager
def _terminated_is_interrupted() -> Iterator[None]:
    """Let SIGTERM end us as Ctrl-C does, so that the service is not left behind; handlers belong to the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _sum_up(outcome: Outcome, screen: Screen) -> None:
    screen.say("")
    if outcome.error:
        screen.say(f"the task ended {outcome.error}")
    if outcome.note:
        screen.say(f"status of the task: {outcome.note}")
    if outcome.verdict is not None:
        verdict = outcome.verdict
        for entry in verdict.missed:
            screen.say(f"missed: {entry.figure} stepped into the zone at {entry.time:.1f} s")
        for told in verdict.false:
            screen.say(f"false: at {told.time:.1f} s, box {told.box}")
        screen.say(
            f"script: {verdict.expected} entries expected, {len(verdict.missed)} missed, {len(verdict.false)} false"
        )
    screen.say(f"event center: {outcome.stored} events; webhook: {outcome.delivered}, and {outcome.repeats} repeated")
    screen.say(f"demo: {outcome.delivered} events delivered, {outcome.lost} lost, {outcome.frames} frames analysed")


__all__ = ["run"]
