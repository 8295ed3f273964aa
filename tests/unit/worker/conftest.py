"""A play that ends when its test does."""

from collections.abc import Iterator

import pytest
from playing import Play
from stage import DEADLINE_S


@pytest.fixture
def play() -> Iterator[Play]:
    made = Play()
    yield made
    made.acknowledging.set()
    for stream in made.streams:
        stream.stop()
        assert stream.join(DEADLINE_S)
    made.spool.close(0.0)
