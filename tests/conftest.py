"""What every test may ask for."""

import os
from pathlib import Path

import pytest

from absence import missing

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real clips, ground truth and models."""
    folder = (ROOT / os.environ.get("VEDETTE_TEST_DATA", "../shared/data")).resolve()
    if not (folder / "videos").is_dir():
        missing(f"no test data at {folder} (VEDETTE_TEST_DATA names the folder)")
    return folder
