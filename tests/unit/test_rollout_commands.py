"""The operator's commands for rollouts: beside a running service, on its database."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vedette.cli import app
from vedette.model.errors import InvalidParameter, NotFound, NotReferable
from vedette.model.ids import new_hex

CLOUD = "c-intrusiondetection-cloud"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder with one project."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path))
    typed("project add harbour")


def typed(line: str) -> str:
    result = attempt(line)
    assert result.exit_code == 0, result.output
    return result.stdout


def attempt(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


def test_a_rollout_is_begun_taken_back_listed_and_stopped() -> None:
    """Without tasks it has nothing to do, and says so."""
    none = "0 left, 0 under way, 0 done, 0 failed"
    newest = typed(f"rollout upgrade {CLOUD}")
    assert newest.endswith(f"  {CLOUD} to 3.0  done  {none}\n")
    assert typed(f"rollout upgrade {CLOUD} --version 1.1 --at-once 5").endswith(f"  {CLOUD} to 1.1  done  {none}\n")
    back = typed(f"rollout back {CLOUD} --project harbour")
    assert back.endswith(f"  {CLOUD} back  done  {none}\n")
    assert len(typed("rollout list").splitlines()) == 3
    assert typed(f"rollout stop {back.split()[0]}") == back


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        (f"rollout upgrade {CLOUD} --version 9.9", NotReferable),
        (f"rollout upgrade {CLOUD} --version NO", InvalidParameter),
        (f"rollout upgrade {CLOUD} --task !", InvalidParameter),
        (f"rollout upgrade {CLOUD} --task {new_hex()}", NotReferable),
        (f"rollout back {CLOUD} --task {new_hex()}", NotReferable),
        ("rollout upgrade nothing", NotReferable),
        (f"rollout upgrade {CLOUD} --project nowhere", InvalidParameter),
        (f"rollout stop {new_hex()}", NotFound),
    ],
)
def test_a_slip_is_one_clear_failure(line: str, failure: type[Exception]) -> None:
    """Nothing is half done."""
    assert isinstance(attempt(line).exception, failure)
