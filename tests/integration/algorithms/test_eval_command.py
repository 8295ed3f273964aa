"""`vedette eval` as an operator types it: on a scene of ours, whose script is the truth."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vedette.cli import app
from vedette.testing.scene import write_scene

SECONDS = 16.0
SERVICE = "c-intrusiondetection-cloud"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one clip and the list of its events beside it."""
    folder = tmp_path_factory.mktemp("clips")
    script = write_scene(folder / "yard.mp4", seconds=SECONDS)
    events = [{"kind": "intrusion", "time": entry.time, "tolerance": 1.5} for entry in script.entries]
    (folder / "yard.events.json").write_text(json.dumps(events))
    (folder / "zone").write_text(json.dumps({"polygons": [{"data": [list(corner) for corner in script.zone]}]}))
    return folder


def evaluate(clips: Path, out: Path, *more: str) -> list[dict[str, Any]]:
    common = json.dumps({"target_roi": (clips / "zone").read_text()})
    words = ["eval", str(clips), "--service", SERVICE, "--config", common, "--out", str(out), *more]
    done = CliRunner(env={"VEDETTE_MODELS_DIR": str(clips / "no-models")}).invoke(app, words)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads((out / "report.json").read_text())
    return found


def test_a_folder_is_scored_and_two_configurations_stand_side_by_side(clips: Path, tmp_path: Path) -> None:
    """The one that watches finds the entries; the one whose rule is off misses them all, and the page shows them."""
    blind = json.dumps({"region_detection_sw": 0})
    here, there = evaluate(clips, tmp_path, "--against-config", blind)
    true = here["events"]["right"] + len(here["events"]["missed"])
    assert true >= 2
    assert here["events"]["F1"] >= 0.8
    assert (there["events"]["F1"], len(there["events"]["missed"])) == (0.0, true)
    assert here["pictures"] == there["pictures"] > SECONDS * 5
    page = (tmp_path / "report.html").read_text()
    assert page.count("<figure><img") >= true
    assert "://" not in page.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--service", "nobody"], "There is no service nobody"),
        (["--service", SERVICE, "--version", "9.9"], "has the versions"),
        (["--service", SERVICE, "--config", "{"], "is not JSON"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(clips: Path, words: list[str], told: str) -> None:
    """And nothing is written."""
    done = CliRunner().invoke(app, ["eval", str(clips), *words])
    assert done.exit_code != 0
    assert told in done.output + str(done.exception)


def test_what_the_service_does_not_know_is_said(clips: Path, tmp_path: Path) -> None:
    """A slip in a key or a kind would else look like bad eyes."""
    wrong = tmp_path / "wrong.json"
    wrong.write_text('[{"kind": "intruder", "time": 1}]')
    words = ["eval", str(clips / "yard.mp4"), "--service", SERVICE, "--truth", str(wrong), "--config", '{"roi": 1}']
    done = CliRunner(env={"VEDETTE_MODELS_DIR": str(clips / "no-models")}).invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "The parameter 'roi' is not known" in done.stderr
    assert "the kind 'intruder'" in done.stderr


def test_a_folder_without_truth_is_no_evaluation(tmp_path: Path) -> None:
    """It says what is missing."""
    done = CliRunner().invoke(app, ["eval", str(tmp_path), "--service", SERVICE])
    assert done.exit_code == 2
    assert "truth beside it" in done.output
