"""A stranger's algorithm that hangs in native code when it is told to: a package of its own, put on the service's path."""

import os
import shutil
from pathlib import Path

SERVICE = "x-stuck-cloud"
_CODE = '''
import ctypes
import os
from pathlib import Path

from vedette.algorithms import Algorithm, AlgorithmConfig, EventData, EventKind, Manifest, ServiceName


class Config(AlgorithmConfig):
    """`with_lock` hangs with the interpreter's lock in its hands: nothing of the process runs any more."""

    sign: str = ""
    with_lock: bool = False


class Data(EventData):
    """Nothing."""


class Stuck(Algorithm[Config]):
    """Hangs at the first picture after a file has come to be, and leaves another beside it."""

    manifest = Manifest(
        name="stuck", services=(ServiceName("x-stuck-cloud", "cloud"),), versions=("1.0",), title_en="Stuck",
        title_cn="Stuck", config=Config, roles=(), events=(EventKind(0x7F000055, "stuck", Data),),
    )

    def __init__(self, config, models):
        self._sign, self._system = config.sign, (ctypes.PyDLL if config.with_lock else ctypes.CDLL)(None)

    def process(self, frame):
        if self._sign and Path(self._sign).exists():
            Path(f"{self._sign}-{os.getpid()}-{id(self)}").touch()
            self._system.sleep(3600)
        return ()
'''


class Stuck:
    """The package."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self._facts = folder / "x_stuck-1.0.dist-info"
        self._facts.mkdir(parents=True)
        (folder / "x_stuck.py").write_text(_CODE)
        (self._facts / "METADATA").write_text("Metadata-Version: 2.1\nName: x-stuck\nVersion: 1.0\n")
        (self._facts / "entry_points.txt").write_text("[vedette.algorithms]\nstuck = x_stuck:Stuck\n")

    @property
    def python_path(self) -> str:
        """Return what PYTHONPATH must be for it to be installed."""
        return os.pathsep.join(filter(None, (str(self.path), os.environ.get("PYTHONPATH"))))

    def remove(self) -> None:
        """Uninstall it; a service that is started from now on does not know it."""
        shutil.rmtree(self._facts)
        (self.path / "x_stuck.py").unlink()
