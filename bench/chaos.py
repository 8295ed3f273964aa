"""What is lost, doubled or out of order while something fails: 2,056 events a scenario, from a file to the destination.

Four tasks are analysed by real workers of a real service, and each event goes to every destination that the scenario
names. The harm begins while the files are analysed. In the end each destination is read back and held against the
event center, and the number of events against a run in which nothing fails.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import chaos_harms as harms
from bench import crowd
from bench.chaos_brokers import Kafka, Mqtt, Nats, Redis
from bench.chaos_ends import S3, End, Folder, OwnStream
from bench.chaos_judge import Verdict, markdown
from bench.chaos_receiver import Webhook
from bench.chaos_stage import WALKS, Disk, Stage
from bench.frame import RESULTS, Row

SMALL_MB = 30
DEATHS = f"destination killed 3 times, {harms.DEAD_S:.0f} s each"
KILLED = f"service and workers killed {harms.KILLS} times"


@dataclass(frozen=True)
class Scenario:
    name: str
    ends: tuple[Callable[[], End], ...]
    harm: Callable[[Stage], None]
    disk_mb: int = 0

    @property
    def told(self) -> str:
        return f"{self.name}: {', '.join(getattr(end, '__name__', '') for end in self.ends)}"


SCENARIOS = (
    Scenario("nothing fails", (Webhook, OwnStream), harms.none),
    Scenario("receiver answers 30 % with 503", (Webhook, S3), harms.busy),
    Scenario(f"receiver hangs for {harms.HANG_S:.0f} s", (Webhook, OwnStream), harms.hang),
    Scenario("receiver closes 30 % mid-answer, having kept them", (Webhook, Folder), harms.cut),
    Scenario(f"receiver is away for {harms.AWAY_S:.0f} s", (Webhook, OwnStream), harms.away),
    Scenario(DEATHS, (S3, Nats), harms.ends_die),
    Scenario(DEATHS, (Folder, Redis), harms.ends_die),
    Scenario(DEATHS, (Mqtt,), harms.ends_die),
    Scenario(DEATHS, (Kafka,), harms.ends_die),
    Scenario(KILLED, (Webhook, S3, OwnStream), harms.we_die),
    Scenario(KILLED, (Webhook, Folder, Nats), harms.we_die),
    Scenario(KILLED, (Redis,), harms.we_die),
    Scenario(KILLED, (Mqtt,), harms.we_die),
    Scenario(KILLED, (Kafka,), harms.we_die),
    Scenario(f"disk full for {harms.FULL_S:.0f} s", (Webhook, Folder, OwnStream), harms.disk_fills, SMALL_MB),
)


def rows() -> list[Row]:
    """Run the scenarios; `CHAOS` names some by parts of their names or destinations."""
    wanted = os.environ.get("CHAOS", "").lower().split(",")
    verdicts: list[Verdict] = []
    expected: int | None = None
    with tempfile.TemporaryDirectory(prefix="vedette-chaos-") as name:
        clip = Path(name) / "clips" / "crowd.mp4"
        clip.parent.mkdir()
        crowd.write(clip, WALKS)
        for number, scenario in enumerate(SCENARIOS):
            if number and not any(part in scenario.told.lower() for part in wanted):
                continue
            if reason := _absent(scenario):
                say(f"skipped: {scenario.told}: {reason}")
                continue
            told = _run(scenario, Path(name) / str(number), clip, expected)
            expected = told[0].expected
            verdicts += told
            for one in told:
                held = "holds" if one.holds else "DOES NOT HOLD"
                say(f"  {one.destination}: {one.received} of {one.expected}, {held}")
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
    say(scenario.told)
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
        try:
            scenario.harm(stage)
        except AssertionError as error:
            say(f"  {error}")  # what that cost, the table says
        return stage.verdicts(expected)


def _row(one: Verdict) -> Row:
    note = f"lost {one.lost}, twice {one.doubled}, in order {one.in_order}, repeats {one.repeats}"
    target = "all, none twice, in order" if one.in_order is not None else "all, none twice"
    return Row(f"{one.scenario}: {one.destination}", one.received, "events", "", None, target, one.holds, note)


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
