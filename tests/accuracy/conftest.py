"""What the accuracy tests share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clips import Sessions

Say = Callable[[str], None]


@pytest.fixture(scope="session")
def sessions(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Sessions:
    return Sessions(data, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def wanted(data: Path) -> dict[str, Any]:
    """The expected results that lie beside the clips."""
    return dict(json.loads((data / "groundtruth" / "events.json").read_text()))


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Say:
    """Print a measured figure (`pytest -s` shows it) and keep it in the test's report."""

    def measured(text: str) -> None:
        record_property("measured", text)
        print(f"\n  {text}")

    return measured
