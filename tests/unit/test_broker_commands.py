"""The operator's commands for brokers: beside a running service, on its database."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vedette.cli import app
from vedette.model.errors import (
    AlreadyExists,
    InvalidParameter,
    Misconfigured,
    NotFound,
    SinkForbidden,
    SinkUnreachable,
)

SECRET = "hunter2hunter2"
NATS = "broker add events --kind nats --server 169.254.169.254:4222 --username writer --prefix video. --stream gate"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one project."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path / "data"))
    attempt("project add harbour")
    return tmp_path


def attempt(line: str, said: str = "") -> Result:
    return CliRunner().invoke(app, line.split(), input=said)


def typed(line: str, said: str = "") -> str:
    result = attempt(line, said)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_a_broker_is_added_listed_and_removed(installation: Path) -> None:
    """The password comes by the input or a file, for arguments are seen by everybody on the machine."""
    assert typed(NATS, SECRET + "\n") == "events added\n"
    key = installation / "key"
    key.write_text(SECRET + "\n")
    typed(f"broker add rest --kind redis --server a.example:1 --tls --insecure --token --password-file {key}")
    listed = typed("broker list")
    assert listed.splitlines() == [
        "events  nats  169.254.169.254:4222  video.  gate",
        "rest  redis  a.example:1  -  all other streams",
    ]
    assert SECRET not in listed
    assert typed("broker remove events") == "events removed\n"
    assert "events" not in typed("broker list")


def test_a_check_tells_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged by the guard, with what the project may reach besides."""
    typed(NATS, SECRET)
    assert isinstance(attempt("broker check events gate").exception, SinkForbidden)
    typed("broker add here --kind redis --server 127.0.0.1:9")
    assert isinstance(attempt("broker check here gate").exception, SinkForbidden)
    typed("project allow harbour 127.0.0.1")
    assert isinstance(attempt("broker check here gate").exception, SinkUnreachable)


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("broker add events --kind rabbit --server a.example:1", InvalidParameter),
        ("broker add events --kind nats --server a.example", InvalidParameter),
        ("broker add events --kind nats --server a.example:1 --insecure", InvalidParameter),
        ("broker add events --kind nats --server a.example:1 --username w --password-file /nowhere", Misconfigured),
        ("broker add events --kind nats --server a.example:1 --password-file /nowhere", InvalidParameter),
        ("broker add events --kind nats --server a.example:1 --project nowhere", InvalidParameter),
        ("broker add events --kind dis --server https://dis.example", InvalidParameter),
        ("broker remove events", NotFound),
        ("broker check events gate", NotFound),
        ("broker check events no.stream", InvalidParameter),
    ],
)
def test_a_slip_is_one_clear_failure(line: str, failure: type[Exception]) -> None:
    """Nothing is half done."""
    assert isinstance(attempt(line).exception, failure)
    assert typed("broker list") == ""


def test_a_name_is_taken_once() -> None:
    typed(NATS, SECRET)
    assert isinstance(attempt(NATS, SECRET).exception, AlreadyExists)
