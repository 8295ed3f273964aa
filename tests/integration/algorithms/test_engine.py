"""The engine with real models."""

import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest

from vedette.algorithms import Frame, Position
from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore
from vedette.model.errors import ModelError


@pytest.fixture
def store(tmp_path: Path, data: Path) -> ModelStore:
    store = ModelStore(tmp_path)
    store.add(data / "models" / "yolox_nano.onnx")
    return store


def noise(index: int, seed: int = 0) -> Frame:
    picture = np.random.default_rng(seed).integers(0, 255, (360, 640, 3), np.uint8)
    return Frame(Position(0, index, index * 100_000), picture[:, :, 1].copy(), lambda: picture)


def test_without_a_model_motion_does_the_work(tmp_path: Path) -> None:
    """The service is useful the minute it is installed."""
    detector = Engine(ModelStore(tmp_path / "none")).for_stream().detector("objects")
    assert (detector.name, detector.knows_classes) == ("motion", False)
    with pytest.raises(ModelError, match="faces"):
        Engine(ModelStore(tmp_path / "none")).for_stream().detector("faces")


def test_the_tasks_of_a_stream_pay_for_one_look_at_a_picture(store: ModelStore) -> None:
    models = Engine(store).for_stream()
    first, second = models.detector("objects"), models.detector("objects")
    assert first.name == "yolox-nano"
    picture = noise(0)
    assert first(picture) is second(picture)
    assert first(noise(1)) is not first(picture)


def test_motion_is_shared_until_a_task_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    """Two tasks restored at different places must not stir each other's memory."""
    models = Engine(ModelStore(tmp_path / "none")).for_stream()
    first, second = models.detector("objects"), models.detector("objects")
    assert first(noise(0)) is second(noise(0))
    second.restore(first.state())
    assert first(noise(1)) is not second(noise(1))


def test_streams_share_one_session_and_run_at_the_same_time(store: ModelStore) -> None:
    """One session per model and process; its results do not depend on who else runs."""
    engine = Engine(store)
    expected = [engine.for_stream().detector("objects")(noise(0, seed)).boxes.tobytes() for seed in range(4)]
    got: dict[int, list[bytes]] = {}

    def stream(seed: int) -> None:
        detector = engine.for_stream().detector("objects")
        got[seed] = [detector(noise(index, seed)).boxes.tobytes() for index in range(4)]

    threads = [threading.Thread(target=stream, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert got == {seed: [boxes] * 4 for seed, boxes in enumerate(expected)}


def test_a_broken_model_is_an_error_and_nothing_takes_its_place(store: ModelStore, tmp_path: Path) -> None:
    """Somebody who installed a model must learn that it does not work."""
    file = tmp_path / "yolox-nano.onnx"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="yolox-nano"):
        Engine(store).for_stream().detector("objects")


def test_a_file_that_is_no_model_is_an_error(tmp_path: Path) -> None:
    """Its checksum may be right all the same."""
    store = ModelStore(tmp_path / "models")
    for content, name in ((b"no model at all", "text"), (b"", "empty")):
        _install(store, tmp_path, name, content or b"\0")
        with pytest.raises(ModelError, match=name):
            Engine(store).for_stream().detector(name)


def test_a_manifest_that_does_not_fit_the_model_is_an_error(tmp_path: Path, data: Path) -> None:
    store = ModelStore(tmp_path / "models")
    _install(store, tmp_path, "wrong", (data / "models" / "yolox_nano.onnx").read_bytes())
    with pytest.raises(ModelError, match=r"wrong is not what its manifest says: .* \(1, 3549, 85\)"):
        Engine(store).for_stream().detector("wrong")


def test_a_provider_that_is_not_there_is_an_error(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="NoSuchProvider"):
        Engine(store, providers=("NoSuchProvider",)).for_stream().detector("objects")


def _install(store: ModelStore, tmp_path: Path, name: str, content: bytes) -> None:

    file, manifest = tmp_path / "file", tmp_path / "file.toml"
    file.write_bytes(content)
    manifest.write_text(
        f'name = "{name}"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\nsize = {len(content)}\n'
        f'licence = "MIT"\nroles = ["{name}"]\n[input]\nwidth = 416\nheight = 416\n'
        '[output]\nlayout = "yolox"\nthreshold = 0.4\nlabels = ["person"]\n'
    )
    store.add(file, manifest)
