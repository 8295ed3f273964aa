"""`vedette run` with a service whose events have two pictures."""

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import pytest
from typer.testing import CliRunner

from vedette.algorithms.models import ModelStore
from vedette.cli import app


@pytest.mark.parametrize("folder", [True, False])
def test_the_face_and_the_whole_picture_are_shown(data: Path, tmp_path: Path, folder: bool) -> None:
    """In a folder as files beside each other, else in the line itself."""
    ModelStore(tmp_path / "models").add(data / "models" / "yunet_n_320_320.onnx")
    words = ["run", str(data / "videos" / "face-demographics-walking_480x270.mp4"), "--service", "c-face-detection"]
    words += ["--config", json.dumps({"origin_image_send_sw": 1, "detection_min_size": 10})]
    words += ["--out", str(tmp_path / "out")] if folder else []
    environment = {"VEDETTE_MODELS_DIR": str(tmp_path / "models"), "VEDETTE_DATA_DIR": str(tmp_path / "data")}
    done = CliRunner(env=environment).invoke(app, words)
    assert done.exit_code == 0, done.output
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    events = [line for line in lines if "event_type" in line]
    assert len(events) == 2
    for event in events:
        if not folder:
            assert all(
                base64.b64decode(event[name])[:2] == b"\xff\xd8" for name in ("image_base64", "origin_image_base64")
            )
            continue
        sizes = [cv2.imread(event[name]).shape for name in ("picture", "origin_picture")]
        assert sizes[1] == (270, 480, 3)
        assert sizes[0][0] < 60
