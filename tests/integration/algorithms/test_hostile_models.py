"""Files that are no models, and models that mean harm: they are refused by name, and nothing else suffers."""

import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from neighbours import small_models as small
from vedette.algorithms.engine import Engine
from vedette.algorithms.inference.face import EngineName
from vedette.algorithms.inference.proof import Limits, ports, prove
from vedette.algorithms.inference.sighted import frame_of
from vedette.algorithms.onnx_file import look_through
from vedette.model.errors import ModelError

SHORT = Limits(seconds=4.0, memory=1 << 30)
ENGINES = [pytest.param(engine, id=engine) for engine in EngineName]


def tried(
    tmp_path: Path,
    content: bytes,
    engine: EngineName = EngineName.ONNXRUNTIME,
    *,
    tables: str = small.ROWS,
    limits: Limits = SHORT,
) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    prove(file, small.manifest(content, "bad", tables), engine, limits=limits)


def test_a_good_model_is_proved_and_measured(tmp_path: Path) -> None:
    content = small.bright()
    (tmp_path / "model.onnx").write_bytes(content)
    for engine in EngineName:
        proof = prove(tmp_path / "model.onnx", small.manifest(content, "good"), engine, limits=SHORT)
        assert 0 < proof.ms < 1000
        assert proof.memory > 10_000_000
        assert [row["label"] for row in proof.seen] == ["thing"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_never_ends_is_stopped(tmp_path: Path, engine: EngineName) -> None:
    """Time is limited where it is tried, and there alone it can do harm."""
    with pytest.raises(ModelError, match=r"bad was not done within 1\.5 seconds"):
        tried(tmp_path, small.endless(), engine, limits=Limits(seconds=1.5, memory=1 << 30))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_wants_all_memory_gets_none(tmp_path: Path, engine: EngineName) -> None:
    with pytest.raises(ModelError, match="bad wants more memory than 1024 MiB"):
        tried(tmp_path, small.giant(), engine)


@pytest.mark.parametrize("place", ["/etc/hostname", "../../../etc/hostname", "neighbour.bin"])
def test_a_model_that_reads_other_files_is_refused(tmp_path: Path, place: str) -> None:
    """What stands in a file of this machine must not come out as weights."""
    (tmp_path / "neighbour.bin").write_bytes(bytes(24))
    with pytest.raises(ModelError, match="another file"):
        tried(tmp_path, small.from_elsewhere(place))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is empty"),
        (b"no model at all", "its bytes are not|cut off|no version"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "its bytes are not|cut off|no version"),
        (bytes(range(256)) * 40, "no ONNX model"),
        (small.bright()[:-40], "cut off"),
        (small.bright()[:60], "cut off"),
        (b"\x08" + b"\xff" * 20, "its bytes are not"),
        (b"\x08\x07", "no graph"),
        (small.nested(60), "deep"),
    ],
)
def test_bytes_that_are_no_model_are_told_from_one(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=told):
        look_through(file, "bad")


def test_the_files_of_the_catalogue_are_models_and_so_are_nested_ones(tmp_path: Path, data: Path) -> None:
    for file in sorted((data / "models").glob("*.onnx")):
        look_through(file, file.name)
    (tmp_path / "nested").write_bytes(small.nested(5))
    look_through(tmp_path / "nested", "nested")


def test_any_flipped_bit_is_either_refused_or_harmless(tmp_path: Path) -> None:
    """The reader of files must not stumble itself."""
    good = small.bright()
    for at in range(0, len(good) * 8, 11):
        content = bytearray(good)
        content[at // 8] ^= 1 << (at % 8)
        (tmp_path / "file").write_bytes(bytes(content))
        with suppress(ModelError):
            look_through(tmp_path / "file", "bad")


def test_a_model_that_says_something_else_than_its_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not what its manifest says: .*\(1, 6\)"):
        tried(tmp_path, small.bright(), tables=small.ROWS.replace('"end-to-end"', '"yolov8"'))
    with pytest.raises(ModelError, match="takes 1 x 3 x 32 x 32, its manifest gives 1 x 3 x 64 x 64"):
        tried(tmp_path, small.bright(), tables=small.ROWS.replace("32", "64"))


def test_what_a_file_takes_and_gives_can_be_asked_before_there_is_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(small.colours())
    told = ports(tmp_path / "x.onnx", SHORT)
    assert told == {
        "inputs": [["x", ["n", 3, 8, 8], "tensor(float)"]],
        "outputs": [["scores", ["n", 3], "tensor(float)"]],
    }


def test_others_go_on_and_a_bad_model_is_not_tried_again_at_once(tmp_path: Path) -> None:
    """A hundred tasks that ask for it must not try it a hundred times."""
    small.install(tmp_path, small.from_elsewhere("/etc/hostname"), "bad", role="bad")
    store = small.install(tmp_path, small.bright(), "good", role="objects")
    models = Engine(store).for_stream()
    with pytest.raises(ModelError, match="another file"):
        models.detector("bad")
    began = time.monotonic()
    for _ in range(5):
        with pytest.raises(ModelError, match="another file"):
            models.detector("bad")
    assert time.monotonic() - began < 0.3
    found = models.detector("objects")(frame_of(np.full((64, 64, 3), 255, np.uint8)))
    assert found.boxes.tolist() == [[16.0, 16.0, 48.0, 48.0]]
