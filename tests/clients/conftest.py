"""One running door for each module, and a home folder of its own for the SDKs, which write into it.

The service module of the contract tests is used here too: the door is the same, its callers are other people's code.
"""

import importlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "contract"))

from service import Client, Service, serving

from vedette.auth import passwords
from vedette.telemetry import logs

with pytest.MonkeyPatch.context() as _patch, tempfile.TemporaryDirectory() as _folder:
    _patch.setenv("HOME", _folder)  # the vendor's SDK writes there as soon as it is imported
    importlib.import_module("huaweicloudsdkcore.client")


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home: no credentials of the machine's user are found, and nothing of theirs is written."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("NO_PROXY", "127.0.0.1")
        for name in ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_PROJECT_ID", "OS_CLOUD"):
            patch.delenv(name, raising=False)
        yield folder


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The door, on the clock of this machine: clients sign with the real time."""
    logs.configure("error")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(tmp_path_factory.mktemp("service")) as running:
            running.clock.real = True
            yield running


@pytest.fixture
def client(service: Service) -> Client:
    """Somebody in a project of their own."""
    return service.client()
