"""One running door for the whole suite; each test has a project of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from service import Client, Service, serving

from vedette.auth import passwords
from vedette.telemetry import logs


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The door."""
    logs.configure("error")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(tmp_path_factory.mktemp("service")) as running:
            yield running


@pytest.fixture
def client(service: Service) -> Client:
    """Somebody in a project of their own."""
    return service.client()
