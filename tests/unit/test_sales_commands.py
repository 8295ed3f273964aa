"""The operator's commands for orders, terms and quotas: beside a running service, on its database."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vedette.cli import app
from vedette.model.errors import AlreadyExists, InvalidParameter, NotFound, NotReferable

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


def test_an_order_is_added_listed_and_removed() -> None:
    """Where there is one project it need not be named."""
    assert typed(f"order add --streams 3 --id order-1 --service {CLOUD} --expires 2027-01-31T18:00:00Z") == "order-1\n"
    made = typed("order add --streams 1").strip()
    assert typed("order list").splitlines() == [
        f"order-1  {CLOUD}  3 streams  until 2027-01-31T18:00:00Z",
        f"{made}  every service  1 streams  without an end",
    ]
    assert typed("order remove order-1") == "order-1 removed\n"
    assert "order-1" not in typed("order list")


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("order add --streams 3 --id UPPER", InvalidParameter),
        ("order add --streams 3 --expires tomorrow", InvalidParameter),
        ("order add --streams 3 --service nothing", NotReferable),
        ("order add --streams 3 --project nowhere", InvalidParameter),
        ("order remove order-1", NotFound),
        ("service terms nothing --commercial", NotFound),
        ("quota set --tasks many", InvalidParameter),
        ("quota show --project nowhere", InvalidParameter),
    ],
)
def test_a_slip_is_one_clear_failure(line: str, failure: type[Exception]) -> None:
    """Nothing is half done."""
    assert isinstance(attempt(line).exception, failure)


def test_a_project_is_named_by_its_name_or_its_id() -> None:
    """Where there are several, one has to be named."""
    quay = typed("project add quay").split()[-1]
    assert isinstance(attempt("order list").exception, InvalidParameter)
    typed("order add --streams 1 --id order-1 --project quay")
    assert "order-1" in typed(f"order list --project {quay}")
    assert "order-1" not in typed("order list --project harbour")


def test_an_id_is_registered_once() -> None:
    """Two purchases are two orders."""
    typed("order add --streams 3 --id order-1")
    assert isinstance(attempt("order add --streams 3 --id order-1").exception, AlreadyExists)


def test_an_order_for_no_stream_is_no_order() -> None:
    """The command line itself refuses it."""
    assert attempt("order add --streams 0").exit_code == 2


def test_a_service_is_marked_commercial_and_free_again() -> None:
    """Any service can be."""
    assert f"{CLOUD}  free" in typed("service list")
    typed(f"service terms {CLOUD} --commercial")
    assert f"{CLOUD}  demands an order" in typed("service list")
    typed(f"service terms {CLOUD} --free")
    assert f"{CLOUD}  free" in typed("service list")


def test_quotas_are_shown_set_and_set_back() -> None:
    """`default` is what the settings say."""
    usual = typed("quota show")
    assert usual.splitlines()[0] == "tasks  0 of 100000"
    assert "tasks  0 of 5" in typed("quota set --tasks 5")
    assert "groups  0 of 0" in typed("quota set --groups 0")
    assert "tasks  0 of 5" in typed("quota show")
    assert typed("quota set --tasks default --groups default") == usual
