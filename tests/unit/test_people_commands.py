"""The operator's commands for people: beside a running service, on its database."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vedette.auth import passwords
from vedette.cli import app
from vedette.model.errors import Forbidden, InvalidParameter, NameTaken, NotFound

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty data folder."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(passwords, "LOG_N", 8)


def typed(line: str, stdin: str = "") -> str:
    result = attempt(line, stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def attempt(line: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, line.split(), input=stdin)


def test_a_user_comes_works_and_goes() -> None:
    """From the project to the key, and back."""
    typed("project add harbour --description quay")
    secret = typed("user add anna --project harbour --role admin").splitlines()[-1].removeprefix("password ")
    assert len(secret) == 32
    assert "harbour  anna  admin" in typed("role list")
    typed("role grant anna harbour viewer")
    typed("role revoke anna harbour admin")
    assert "harbour  anna  viewer" in typed("role list")
    name, key = (line.split()[-1] for line in typed("key add anna harbour").splitlines()[-2:])
    listed = typed("key list anna")
    assert name in listed
    assert key not in listed
    typed(f"key remove {name}")
    assert name not in typed("key list anna")
    assert "anna" in typed("user list --project harbour")
    typed("user disable anna")
    assert "disabled" in typed("user list")
    typed("user enable anna")
    assert "disabled" not in typed("user list")
    typed("user remove anna")
    typed("project remove harbour")
    assert "harbour" not in typed("project list")


def test_a_password_is_read_from_stdin_or_asked_for_and_not_printed() -> None:
    """An argument would stand in the history of the shell and in the list of processes."""
    assert PASSWORD not in typed("user add anna --password-stdin", PASSWORD + "\n")
    assert PASSWORD not in typed("user password anna --ask", f"{PASSWORD}\n{PASSWORD}\n")
    assert "password " in typed("user password anna").splitlines()[-1]
    assert isinstance(attempt("user add bert --password-stdin", "short\n").exception, InvalidParameter)
    assert isinstance(attempt("user add bert --password-stdin --ask").exception, InvalidParameter)


def test_what_does_not_exist_or_exists_already_is_said() -> None:
    """In one line, which the entry point prints."""
    typed("user add anna")
    for line, kind in (
        ("user add anna", NameTaken),
        ("user password nobody", NotFound),
        ("role grant anna nothing viewer", NotFound),
        ("user add bert --project nothing", NotFound),
        ("user add bert --role emperor", NotFound),
        ("key add anna nothing", NotFound),
    ):
        assert isinstance(attempt(line).exception, kind), line


def test_the_last_te_admin_stays_here_too() -> None:
    """A slip of the finger must not lock everybody out of the REST door."""
    typed("project add main")
    typed("user add root --project main --role te_admin")
    assert isinstance(attempt("user disable root").exception, Forbidden)
    typed("user add other --project main --role te_admin")
    typed("user disable root")
