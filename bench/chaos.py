"""What is lost, doubled or out of order while something fails: 2,056 events a scenario, from a file to the destination.

Four tasks are analysed by real workers of a real service, and each event goes to every destination that the scenario
names. The harm begins while the files are analysed. In the end each destination is read back and held against the
event center, and the number of events against a run in which nothing fails.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.service import until

from bench import crowd
from bench.chaos_brokers import Kafka, Mqtt, Nats, Redis
from bench.chaos_ends import S3, End, Folder, OwnStream, Webhook
from bench.chaos_judge import Verdict, markdown
from bench.chaos_stage import TASKS, WALKS, Disk, Stage
from bench.frame import RESULTS, Row

SEED = 20261123
KILLS = 12
HANG_S, AWAY_S, DEAD_S, FULL_S = 35.0, 60.0, 4.0, 10.0
SMALL_MB, LARGE_MB = 30, 1500
NOMINAL = TASKS * WALKS * crowd.LINES
DEATHS = f"destination killed 3 times, {DEAD_S:.0f} s each"
KILLED = f"service and workers killed {KILLS} times"


@dataclass(frozen=True)
class Scenario:
    name: str
    ends: tuple[Callable[[], End], ...]
    harm: Callable[[Stage], None]
    disk_mb: int = 0


def _none(stage: Stage) -> None:
    del stage


def _webhook(stage: Stage) -> Webhook:
    return next(end for end in stage.ends if isinstance(end, Webhook))


def _busy(stage: Stage) -> None:
    hook = _webhook(stage)
    hook.fault, hook.share = "busy", 0.3  # to the end


def _hang(stage: Stage) -> None:
    stage.wait_for_events(200)
    hook = _webhook(stage)
    hook.fault = "hang"
    time.sleep(HANG_S)
    hook.fault = "take"


def _cut(stage: Stage) -> None:
    hook = _webhook(stage)
    hook.fault, hook.share = "cut", 0.3  # to the end


def _away(stage: Stage) -> None:
    stage.wait_for_events(200)
    _webhook(stage).kill()
    time.sleep(AWAY_S)
    _webhook(stage).start()


def _ends_die(stage: Stage) -> None:
    """Kill every destination three times."""
    for share in (0.15, 0.4, 0.65):
        stage.wait_for_events(share * NOMINAL)
        for end in stage.ends:
            end.kill()
        time.sleep(DEAD_S)
        for end in stage.ends:
            end.start()


def _we_die(stage: Stage) -> None:
    """Kill the service or one of its workers, at random places of the run."""
    dice = random.Random(SEED)
    for share in sorted(dice.uniform(0.02, 0.95) for _ in range(KILLS)):
        stage.wait_for_events(share * NOMINAL)
        if dice.random() < 0.4:
            stage.service.kill()
            time.sleep(dice.uniform(0, 1.5))
            stage.service.start()
        else:
            stage.kill_worker(dice)
            time.sleep(dice.uniform(0, 1.5))


def _disk_fills(stage: Stage) -> None:
    """Wait until nothing more can be written, leave it so for a while, and make room."""
    disk = stage.disk
    if disk is None:
        raise RuntimeError("this scenario needs a disk of its own")
    until(lambda: disk.free() < 256 * 1024, 120, "a full disk")
    time.sleep(FULL_S)
    disk.grow(LARGE_MB)


SCENARIOS = (
    Scenario("nothing fails", (Webhook, OwnStream), _none),
    Scenario("receiver answers 30 % with 503", (Webhook, S3), _busy),
    Scenario(f"receiver hangs for {HANG_S:.0f} s", (Webhook, OwnStream), _hang),
    Scenario("receiver closes 30 % mid-answer, having kept them", (Webhook, Folder), _cut),
    Scenario(f"receiver is away for {AWAY_S:.0f} s", (Webhook, OwnStream), _away),
    Scenario(DEATHS, (S3, Nats), _ends_die),
    Scenario(DEATHS, (Folder, Redis), _ends_die),
    Scenario(DEATHS, (Mqtt,), _ends_die),
    Scenario(DEATHS, (Kafka,), _ends_die),
    Scenario(KILLED, (Webhook, S3, OwnStream), _we_die),
    Scenario(KILLED, (Webhook, Folder, Nats), _we_die),
    Scenario(KILLED, (Webhook, Redis), _we_die),
    Scenario(KILLED, (Webhook, Mqtt), _we_die),
    Scenario(KILLED, (Webhook, Kafka), _we_die),
    Scenario(f"disk full for {FULL_S:.0f} s", (Webhook, Folder, OwnStream), _disk_fills, SMALL_MB),
)


def rows() -> list[Row]:
    """Run the scenarios; `CHAOS` names some by a part of their names."""
    wanted = os.environ.get("CHAOS", "").split(",")
    verdicts: list[Verdict] = []
    expected: int | None = None
    with tempfile.TemporaryDirectory(prefix="vedette-chaos-") as name:
        clip = Path(name) / "clips" / "crowd.mp4"
        clip.parent.mkdir()
        crowd.write(clip, WALKS)
        for number, scenario in enumerate(SCENARIOS):
            if number and not any(part in f"{scenario.name} {scenario.ends}" for part in wanted):
                continue
            if reason := _absent(scenario):
                say(f"skipped: {scenario.name}: {reason}")
                continue
            told = _run(scenario, Path(name) / str(number), clip, expected)
            expected = told[0].expected
            verdicts += told
            for one in told:
                say(
                    f"  {one.destination}: {one.received} of {one.expected}, {'holds' if one.holds else 'DOES NOT HOLD'}"
                )
    text = markdown(verdicts)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "chaos.md").write_text(text + "\n", encoding="utf-8")
    return [_row(one) for one in verdicts]


def _absent(scenario: Scenario) -> str | None:
    if scenario.disk_mb and os.geteuid() != 0:
        return "only root can mount a small disk"
    return next((reason for end in scenario.ends if (reason := getattr(end, "absent", str)())), None)


def _run(scenario: Scenario, folder: Path, clip: Path, expected: int | None) -> list[Verdict]:
    say(scenario.name)
    with ExitStack() as stack:
        ends: list[End] = []
        for make in scenario.ends:
            ends.append(make())
            stack.callback(ends[-1].close)
        disk = None
        if scenario.disk_mb:
            disk = Disk(scenario.disk_mb)
            stack.callback(disk.close)
            folder = disk.folder / "data"
        stage = Stage(scenario.name, ends, folder, clip, disk)
        stack.callback(stage.close)
        scenario.harm(stage)
        return stage.verdicts(expected)


def _row(one: Verdict) -> Row:
    note = f"lost {one.lost}, twice {one.doubled}, in order {one.in_order}, repeats {one.repeats}"
    target = "all, none twice, in order" if one.in_order is not None else "all, none twice"
    return Row(f"{one.scenario}: {one.destination}", one.received, "events", "", None, target, one.holds, note)


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
