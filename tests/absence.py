"""What is not there: a skip with its reason, or a failure where nothing may be missing.

It stands here and not in `conftest.py`, because several folders have a `conftest` of their own, and Python knows only
one module of that name at a time.
"""

import os

import pytest

STRICT = os.environ.get("VEDETTE_TEST_STRICT") == "1"
"""Under this flag (CI) a missing neighbour or data folder is a failure, not a skip."""


def missing(reason: str) -> None:
    """Skip the test, or fail it where nothing may be missing."""
    if STRICT:
        pytest.fail(reason)
    pytest.skip(reason)
