"""What every test may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STRICT = os.environ.get("VEDETTE_TEST_STRICT") == "1"
"""Under this flag (CI) a missing neighbour or data folder is a failure, not a skip."""


def missing(reason: str) -> None:
    """Skip the test, or fail it where nothing may be missing."""
    if STRICT:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real clips, ground truth and models."""
    folder = (ROOT / os.environ.get("VEDETTE_TEST_DATA", "../shared/data")).resolve()
    if not (folder / "videos").is_dir():
        missing(f"no test data at {folder} (VEDETTE_TEST_DATA names the folder)")
    return folder
