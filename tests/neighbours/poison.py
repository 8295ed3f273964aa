"""An algorithm that takes its worker down with it, as a fault in native code would."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from vedette.algorithms import Algorithm, AlgorithmConfig, Finding, Frame, Manifest, Models, ServiceName

SERVICE = "x-poison-cloud"
FATAL = 3
"""The picture it dies of."""


class PoisonConfig(AlgorithmConfig):
    """Nothing to configure."""


class Poison(Algorithm[PoisonConfig]):
    """Kills the process it is in at its third picture, each time it is tried."""

    manifest = Manifest(
        name="poison",
        services=(ServiceName(SERVICE, "cloud"),),
        versions=("1.0",),
        title_en="Poison",
        title_cn="毒药",
        config=PoisonConfig,
        roles=(),
        events=(),
    )

    def __init__(self, config: PoisonConfig, models: Models) -> None:
        self._seen = 0

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Look at the next picture, while it lasts."""
        self._seen += 1
        if self._seen == FATAL:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from ()


def install(folder: Path) -> Path:
    """Write what `pip install` would of a package with this algorithm; return the folder for `PYTHONPATH`."""
    facts = folder / "poison-1.0.dist-info"
    facts.mkdir(parents=True)
    (folder / "poison.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: poison\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[vedette.algorithms]\npoison = poison:Poison\n")
    return folder
