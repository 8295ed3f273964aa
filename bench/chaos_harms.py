"""What goes wrong. Each does its harm, and returns when it is over."""

import random
import time

from tests.e2e.service import until

from bench.chaos_receiver import Webhook
from bench.chaos_stage import Stage

SEED = 20261123
KILLS = 12
HANG_S, AWAY_S, DEAD_S, FULL_S = 35.0, 60.0, 4.0, 10.0
LARGE_MB = 1500
STILL_S = 1.0


def none(stage: Stage) -> None:
    del stage


def _webhook(stage: Stage) -> Webhook:
    return next(end for end in stage.ends if isinstance(end, Webhook))


def busy(stage: Stage) -> None:
    hook = _webhook(stage)
    hook.fault, hook.share = "busy", 0.3  # to the end


def hang(stage: Stage) -> None:
    stage.wait_for_events(200)
    hook = _webhook(stage)
    hook.fault = "hang"
    time.sleep(HANG_S)
    hook.fault = "take"


def cut(stage: Stage) -> None:
    hook = _webhook(stage)
    hook.fault, hook.share = "cut", 0.3  # to the end


def away(stage: Stage) -> None:
    stage.wait_for_events(200)
    _webhook(stage).kill()
    time.sleep(AWAY_S)
    _webhook(stage).start()


def ends_die(stage: Stage) -> None:
    """Kill every destination three times."""
    for share in (0.15, 0.4, 0.65):
        stage.wait_for_events(share * stage.nominal)
        for end in stage.ends:
            if getattr(end, "vouches", True):
                end.kill()
            else:  # what it has acknowledged must have been read: it would forget that
                with stage.still():
                    time.sleep(STILL_S)
                    end.kill()
        time.sleep(DEAD_S)
        for end in stage.ends:
            end.start()


def we_die(stage: Stage) -> None:
    """Kill the service or one of its workers, at random places of the run."""
    dice = random.Random(SEED)
    for share in sorted(dice.uniform(0.02, 0.95) for _ in range(KILLS)):
        stage.wait_for_events(share * stage.nominal)
        if dice.random() < 0.4:
            stage.service.kill()
            time.sleep(dice.uniform(0, 1.5))
            stage.service.start()
        else:
            stage.kill_worker(dice)
            time.sleep(dice.uniform(0, 1.5))


def disk_fills(stage: Stage) -> None:
    """Wait until nothing more can be written, leave it so for a while, and make room."""
    disk = stage.disk
    if disk is None:
        raise RuntimeError("this scenario needs a disk of its own")
    until(lambda: disk.free() < 256 * 1024, 120, "a full disk")
    time.sleep(FULL_S)
    disk.grow(LARGE_MB)
