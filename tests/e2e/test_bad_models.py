"""A model that would bring workers down: the tasks that need it are told, and nobody else notices."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.clips import crossings
from e2e.service import Service, running
from neighbours import small_models as small
from vedette.algorithms.models import ModelStore


@pytest.fixture
def own(tmp_path: Path, clips: Path) -> Iterator[Service]:
    with running(tmp_path / "own", workers="1", engine="onnxruntime", file_roots=str(clips)) as it:
        yield it


def put(service: Service, name: str, content: bytes) -> None:
    """Copy a model into the folder by hand, past the command that would have tried it."""
    file = service.folder / f"{name}.given"
    file.write_bytes(content)
    manifest = service.folder / f"{name}.given.toml"
    manifest.write_text(small.described(content, name, role="objects"))
    ModelStore(service.folder / "models").add(file, manifest)


def test_a_model_that_wants_all_memory_fails_its_task_and_no_other(own: Service, clips: Path) -> None:
    """Both tasks stand on one stream, in one worker, and it lives on; with a sound model the next task runs."""
    path = clips / "short.mp4"
    if not path.exists():
        crossings(path, 12)
    put(own, "greedy", small.giant())
    neighbour = own.create_of("c-video-quality-cloud", "1.0", "neighbour", path.as_uri())
    own.wait_for(neighbour, "RUNNING", "SUCCEEDED", seconds=60)
    workers = own.living_workers()
    task = own.create("needs_the_model", path.as_uri())
    own.wait_for(task, "START_FAILED", seconds=60)
    error = own.task(task)["error"]
    assert error["code"] == "VEDETTE.3001"
    assert "greedy wants more memory than 2048 MiB" in error["message"]
    assert own.living_workers() == workers
    own.wait_for(neighbour, "SUCCEEDED", seconds=60)
    ModelStore(own.folder / "models").remove("greedy")
    put(own, "lamp", small.bright())
    another = own.create("has_a_model", path.as_uri())
    own.wait_for(another, "SUCCEEDED", seconds=60)
