"""A service for tests that leave it as it was, a clip, a receiver."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.clips import HEIGHT, LINE_X, crossings
from e2e.service import Receiver, Service, running

LINE = json.dumps({"lines": [{"data": [[LINE_X, 0], [LINE_X, HEIGHT]]}]})


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def clip(clips: Path) -> tuple[str, int]:
    """A file whose analysis takes some seconds, and how many events it has."""
    path = clips / "crossings.mp4"
    return path.as_uri(), crossings(path, 300)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Iterator[Service]:
    """A service that tests share; they end what they begin."""
    with running(tmp_path_factory.mktemp("service"), file_roots=str(clips)) as it:
        yield it


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    it = Receiver()
    yield it
    it.close()
