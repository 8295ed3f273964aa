"""`vedette models`: what an operator types, and what they are told."""

import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from neighbours import small_models as small
from vedette.algorithms.manifests import Precision, parse, written
from vedette.algorithms.models import ModelStore
from vedette.cli import app
from vedette.model.errors import Misconfigured, ModelError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One engine: that there are two is tested elsewhere, and each costs a process."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("VEDETTE_ENGINE", "onnxruntime")
    return tmp_path


def attempt(line: str) -> Result:
    return CliRunner().invoke(app, shlex.split(f"models {line}"))


def typed(line: str) -> str:
    result = attempt(line)
    assert result.exit_code == 0, result.exception
    return result.output


def refused(line: str, kind: type[Exception] = ModelError) -> str:
    result = attempt(line)
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


def given(folder: Path, content: bytes, name: str, tables: str = small.ROWS) -> str:
    """Return what is typed for a file and its manifest."""
    (folder / f"{name}.onnx").write_bytes(content)
    (folder / f"{name}.toml").write_text(small.described(content, name, tables))
    return f"{folder / name}.onnx --manifest {folder / name}.toml"


def test_a_file_is_tried_taken_in_and_listed_with_what_runs_it(folder: Path) -> None:
    assert typed(f"add {given(folder, small.bright(), 'lamp')}").startswith("lamp installed: onnxruntime fp32, ")
    listed = typed("list")
    assert "lamp  installed  MIT  lamp  onnxruntime fp32, " in listed
    assert "yolox-nano  not installed  Apache-2.0  objects" in listed


def test_a_file_that_does_not_work_is_not_taken_in(folder: Path) -> None:
    """And what was there under its name stays."""
    typed(f"add {given(folder, small.bright(), 'lamp')}")
    assert "another file" in refused(f"add {given(folder, small.from_elsewhere('/etc/hostname'), 'lamp')}")
    assert "lamp  installed" in typed("list")
    assert "1 x 3 x 32 x 32" in refused(
        f"add {given(folder, small.bright(), 'odd', small.ROWS.replace('width = 32', 'width = 64'))}"
    )
    assert "odd" not in typed("list")


def test_a_model_is_checked_on_a_picture_and_the_picture_drawn(folder: Path) -> None:
    cv2.imwrite(str(folder / "white.png"), np.full((64, 64, 3), 255, np.uint8))
    typed(f"add {given(folder, small.bright(), 'lamp')}")
    told = typed(f"check lamp --picture {folder}/white.png --out {folder}/seen.jpg")
    assert told.startswith("lamp: a detector, onnxruntime fp32, ")
    assert "thing                1.000     16.0     16.0     48.0     48.0" in told
    drawn = cv2.imread(str(folder / "seen.jpg"))
    assert drawn.shape == (64, 64, 3)
    assert (drawn[16, 16:48].mean(axis=0) < (150, 150, 256)).all(), "the upper side of a red box"
    assert (drawn[58:, 58:] > 200).all()


def test_a_file_without_a_manifest_says_what_one_needs_to_know(folder: Path) -> None:
    (folder / "new.onnx").write_bytes(small.colours())
    told = typed(f"check {folder}/new.onnx")
    assert "input x: n x 3 x 8 x 8, tensor(float)" in told
    assert "output scores: n x 3, tensor(float)" in told


def test_a_file_with_its_manifest_is_checked_before_it_is_added(folder: Path) -> None:
    cv2.imwrite(str(folder / "blue.png"), np.full((64, 64, 3), (255, 0, 0), np.uint8))
    line = given(folder, small.colours(), "colours", small.COLOURS)
    told = typed(f"check {line} --picture {folder}/blue.png --engine openvino")
    assert told.startswith("colours: a classifier, openvino fp32, ")
    assert told.splitlines()[1].split() == ["blue", "1.000"]
    assert "colours" not in typed("list")


def test_a_harmful_file_is_stopped_at_the_limits_that_are_typed(folder: Path) -> None:
    line = given(folder, small.endless(), "loop")
    assert "was not done within 2 seconds" in refused(f"check {line} --seconds 2")
    line = given(folder, small.giant(), "giant")
    assert "wants more memory than 256 MiB" in refused(f"check {line} --memory 256")


def test_what_is_typed_wrong_is_told(folder: Path) -> None:
    assert "no such file" in refused("check nobody")
    assert "goes with --picture" in refused(f"check lamp --out {folder}/x.jpg", Misconfigured)
    assert "onnxruntime or openvino" in refused("check lamp --engine gpu", Misconfigured)
    line = given(folder, small.bright(), "lamp")
    (folder / "text.png").write_text("no picture")
    assert "text.png cannot be read" in refused(f"check {line} --picture {folder}/text.png")
    assert "No model nobody" in refused(f"quantise nobody --clip {folder}/x.mp4")


def test_an_int8_model_is_made_that_sees_the_same(folder: Path, data: Path) -> None:
    """It has a manifest, a checksum and a name of its own, and serves only where the old one is not."""
    typed(f"add {data}/models/fastestdet.onnx")
    clip = data / "videos" / "tud-campus_640x480.mp4"
    told = typed(f"quantise fastestdet --clip {clip} --pictures 16").splitlines()
    assert told[0].startswith("fastestdet  1.00 MB  onnxruntime fp32, ")
    assert told[1].startswith("fastestdet-int8  0.")
    assert "MB  onnxruntime int8, " in told[1]
    assert float(told[2].rpartition(" ")[2]) > 0.6
    store = ModelStore(folder / "data" / "models")
    old, new = store.list()
    assert (old.manifest.name, new.manifest.name) == ("fastestdet", "fastestdet-int8")
    assert (new.manifest.precision, new.manifest.made_from) == (Precision.INT8, "fastestdet")
    assert new.manifest.licence == old.manifest.licence
    assert new.manifest.output.labels == old.manifest.output.labels
    assert new.manifest.output.threshold == pytest.approx(old.manifest.output.threshold, abs=0.25)
    assert new.manifest.size < old.manifest.size * 0.6
    assert "is int8 already" in refused(f"quantise fastestdet-int8 --clip {clip} --pictures 16")
    assert typed("remove fastestdet") == "fastestdet removed\n"
    assert sorted(path.name for path in store.folder.glob("fastestdet*")) == [
        "fastestdet-int8.measured.json", "fastestdet-int8.onnx", "fastestdet-int8.toml",
    ]  # fmt: skip
    assert "No model fastestdet is installed" in refused("remove fastestdet")


def test_a_manifest_that_was_written_reads_the_same() -> None:
    text = small.described(b"x", "x", small.COLOURS).replace('"MIT"', '"a \\"licence\\" \u00fc"')
    manifest = parse(text, "x")
    assert parse(written(manifest), "again") == manifest
