"""The frame of every group: rows, a table, a file; and CPU time of programs that run by themselves.

What is measured runs in child processes, each a fresh interpreter that imports its own candidate only, takes the
CPU time of its own loop (all threads) and prints it. The candidates of one comparison take turns, so that a noisy
neighbour or a clock that changes meets all of them; the median is what is told.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        against: the name of the row it is compared with, or empty.
        ratio: value divided by the value of that row, or None.
        target: what is asked for, in words; empty where nothing is.
        holds: whether the target is met; None where there is none.
    """

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    target: str = ""
    holds: bool | None = None
    note: str = ""


def take_turns(programs: Mapping[str, Sequence[str]], *, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Run each program once a round, in an order that turns; return what each printed, in order of the rounds.

    A program prints one JSON object on its last line.
    """
    names = list(programs)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for round_ in range(rounds):
        shift = round_ % len(names)
        for name in names[shift:] + names[:shift]:
            results[name].append(run(programs[name]))
    return results


def run(arguments: Sequence[str]) -> dict[str, float]:
    """Run a Python program of the bench in a fresh interpreter; return what its last line says."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return {key: float(value) for key, value in json.loads(done.stdout.strip().splitlines()[-1]).items()}


def median(results: Sequence[Mapping[str, float]], key: str) -> float:
    """Return the median of one figure over the rounds."""
    return statistics.median(one[key] for one in results)


def publish(group: str, rows: Sequence[Row]) -> None:
    """Print the rows, and write them where reports look for them."""
    table = Table(title=group)
    for heading in ("name", "value", "unit", "against", "ratio", "target", "holds", "note"):
        table.add_column(heading, justify="right" if heading in ("value", "ratio") else "left", overflow="fold")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
        holds = {None: "", True: "yes", False: "NO"}[row.holds]
        table.add_row(row.name, f"{row.value:.3f}", row.unit, row.against, ratio, row.target, holds, row.note)
    Console(width=180).print(table)
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], indent=2)
    (RESULTS / f"{group}.json").write_text(text + "\n", encoding="utf-8")
