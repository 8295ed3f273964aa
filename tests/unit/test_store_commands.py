"""The operator's commands for object stores: beside a running service, on its database."""

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
    SinkRefused,
    SourceRefused,
)

SECRET = "hunter2hunter2"
S3 = "store add archive --endpoint http://169.254.169.254 --access-key reader --bucket clips --bucket more"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one project, and a folder that is open for files."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("VEDETTE_FILE_ROOTS", str(tmp_path / "open"))
    clips = tmp_path / "open" / "objects" / "clips"
    clips.mkdir(parents=True)
    (clips / "gate.mp4").write_bytes(b"0123456789")
    attempt("project add harbour")
    return tmp_path


def attempt(line: str, said: str = "") -> Result:
    return CliRunner().invoke(app, line.split(), input=said)


def typed(line: str, said: str = "") -> str:
    result = attempt(line, said)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_a_database_without_a_project_is_told_from_a_project_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a second terminal the settings of the service are easily forgotten; naming a project would not help then."""
    typed("project add island")
    several = attempt("store list").exception
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path / "another"))
    nowhere = attempt("store list").exception
    assert isinstance(several, InvalidParameter)
    assert isinstance(nowhere, InvalidParameter)
    assert "--project: harbour, island" in several.message
    assert "VEDETTE_DATA_DIR" in nowhere.message


def test_a_store_is_added_listed_and_removed(installation: Path) -> None:
    """The secret comes by the input or a file, for arguments are seen by everybody on the machine."""
    assert typed(S3, SECRET + "\n") == "archive added\n"
    (installation / "key").write_text(SECRET + "\n")
    key = installation / "key"
    typed(f"store add cellar --access-key other --secret-file {key} --region eu-1 --virtual-host --insecure")
    listed = typed("store list")
    assert listed.splitlines() == [
        "archive  s3  http://169.254.169.254  clips, more",
        "cellar  s3  https://s3.eu-1.amazonaws.com  all other buckets",
    ]
    assert SECRET not in listed
    assert typed("store remove archive") == "archive removed\n"
    assert "archive" not in typed("store list")


def test_an_object_of_a_folder_is_checked(installation: Path) -> None:
    typed(f"store add here --kind folder --folder {installation}/open/objects")
    assert typed("store check here clips gate.mp4") == "readable, 10 bytes\n"
    assert isinstance(attempt("store check here clips yard.mp4").exception, SourceRefused)


def test_writing_is_checked_only_when_that_is_asked_for(installation: Path) -> None:
    """What is written for it goes again."""
    typed(f"store add here --kind folder --folder {installation}/open/objects")
    clips = installation / "open" / "objects" / "clips"
    assert typed("store check here clips gate --write").startswith("writable, readable, removable\n")
    assert [path.name for path in clips.rglob("*") if path.is_file()] == ["gate.mp4"]
    failure = attempt("store check here yard gate --write").exception
    assert isinstance(failure, SinkRefused)
    assert "has no bucket 'yard'" in failure.message


def test_a_check_is_judged_by_the_guard() -> None:
    typed(S3, SECRET)
    failure = attempt("store check archive clips gate.mp4").exception
    assert isinstance(failure, SourceRefused)
    assert "may not reach" in str(failure)
    assert isinstance(attempt("store check archive clips gate --write").exception, SinkForbidden)


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("store add archive --kind ftp", InvalidParameter),
        ("store add archive --access-key reader", InvalidParameter),
        ("store add archive --access-key reader --secret-file /nowhere", Misconfigured),
        ("store add archive --secret-file /nowhere", InvalidParameter),
        ("store add archive --kind folder --folder /etc", InvalidParameter),
        ("store add archive --project nowhere", InvalidParameter),
        ("store remove archive", NotFound),
        ("store check archive clips gate.mp4", NotFound),
        ("store check archive NotABucket gate.mp4", InvalidParameter),
    ],
)
def test_a_slip_is_one_clear_failure(line: str, failure: type[Exception]) -> None:
    """Nothing is half done."""
    assert isinstance(attempt(line).exception, failure)
    assert typed("store list") == ""


def test_a_name_is_taken_once() -> None:
    typed(S3, SECRET)
    assert isinstance(attempt(S3, SECRET).exception, AlreadyExists)
