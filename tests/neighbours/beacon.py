"""A service in several versions, each with an implementation of its own: it tells of every picture it sees."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from vedette.algorithms import (
    Algorithm,
    AlgorithmConfig,
    EventData,
    EventKind,
    Finding,
    Frame,
    Manifest,
    Models,
    PlainState,
    ServiceName,
)

SERVICE = "x-beacon-cloud"
SLOW_S = 1.5
"""How long the second version takes to begin."""


class BeaconConfig(AlgorithmConfig):
    """Nothing to configure."""


class Sober(AlgorithmConfig):
    """What the last version declares."""

    colour: int = 0


class BeaconData(EventData):
    """Who tells it, and how many pictures it has seen, with those of the versions before."""

    version: str
    seen: int


class First(Algorithm[BeaconConfig]):
    """The first version."""

    manifest = Manifest(
        name="beacon",
        services=(ServiceName(SERVICE, "cloud"),),
        versions=("1.0",),
        title_en="Beacon",
        title_cn="信标",
        config=BeaconConfig,
        roles=(),
        events=(EventKind(0x7F02_0001, "beacon", BeaconData),),
        analysis_fps=5.0,
    )

    def __init__(self, config: BeaconConfig, models: Models) -> None:
        self._seen = 0

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Tell of the picture."""
        self._seen += 1
        data = BeaconData(version=self.manifest.versions[0], seen=self._seen)
        yield Finding(0x7F02_0001, f"seen:{self._seen}", data, drawing=None)

    def state(self) -> PlainState:
        return {"seen": self._seen}

    def restore(self, state: PlainState) -> None:
        self._seen = state["seen"]


class Second(First):
    """Takes its time to begin, as one that loads a model."""

    manifest = replace(First.manifest, versions=("2.0",))

    def __init__(self, config: BeaconConfig, models: Models) -> None:
        super().__init__(config, models)
        time.sleep(SLOW_S)


class Unmakeable(First):
    """Cannot begin at all."""

    manifest = replace(First.manifest, versions=("3.0",))

    def __init__(self, config: BeaconConfig, models: Models) -> None:
        super().__init__(config, models)
        raise LookupError(SERVICE)


class Breaking(First):
    """Breaks at the second picture it sees."""

    manifest = replace(First.manifest, versions=("4.0",))

    def __init__(self, config: BeaconConfig, models: Models) -> None:
        super().__init__(config, models)
        self._mine = 0

    def process(self, frame: Frame) -> Iterator[Finding]:
        """Look at the first picture, and break at the next."""
        self._mine += 1
        if self._mine == 2:
            raise ZeroDivisionError
        return super().process(frame)


class Strict(First):
    """Declares a parameter that the others pass over."""

    manifest = replace(First.manifest, versions=("0.9",), config=Sober)


def install(folder: Path) -> Path:
    """Write what `pip install` would of packages with these versions; return the folder for `PYTHONPATH`."""
    folder.mkdir(parents=True)
    (folder / "beacon.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    for kind in (First, Second, Unmakeable, Breaking, Strict):
        version = kind.manifest.versions[0]
        facts = folder / f"beacon_{kind.__name__.lower()}-{version}.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: beacon-{kind.__name__}\nVersion: {version}\n")
        (facts / "entry_points.txt").write_text(f"[vedette.algorithms]\nbeacon-{version} = beacon:{kind.__name__}\n")
    return folder
