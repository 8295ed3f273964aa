"""The operator's commands for edge devices: beside a running service, on its database."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from neighbours.onvif import OnvifCamera, Stream
from vedette.cli import app
from vedette.model.errors import InvalidParameter, NameTaken, NotFound, SourceRefused

STREAMS = {"p-1": Stream("main", "rtsp://127.0.0.1:8554/main")}


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder with one project, on a machine that may look at itself."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("VEDETTE_GUARD_ALLOW", "127.0.0.1/32")
    typed("project add harbour")


def typed(line: str, spoken: str = "") -> str:
    result = attempt(line, spoken)
    assert result.exit_code == 0, result.output
    return result.stdout


def attempt(line: str, spoken: str = "") -> Result:
    return CliRunner().invoke(app, line.split(), input=spoken)


def test_a_camera_is_added_listed_and_removed() -> None:
    """Its password comes by the input, where no list of processes shows it, and no list of ours."""
    first = typed("devices add gate --rtsp - --description north", "rtsp://ada:s3cret@192.168.1.20/1\n").strip()
    second = typed("devices add yard --onvif http://192.168.1.21/onvif --user ada --password-stdin", "s3cret\n").strip()
    assert len(first) == len(second) == 36
    lines = typed("devices list").splitlines()
    assert sorted(lines) == sorted([
        f"{first}  gate  camera  rtsp://******@192.168.1.20/1  north",
        f"{second}  yard  camera  http://192.168.1.21/onvif",
    ])  # fmt: skip
    assert typed(f"devices remove {first}") == f"{first} removed\n"
    assert "gate" not in typed("devices list")


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("devices add gate", InvalidParameter),
        ("devices add gate --rtsp rtsp://h/1 --onvif http://h/", InvalidParameter),
        ("devices add gate --rtsp nonsense", InvalidParameter),
        ("devices add gate --rtsp rtsp://h/1 --password-stdin", InvalidParameter),
        ("devices add taken --rtsp rtsp://h/1", NameTaken),
        ("devices add gate --rtsp rtsp://h/1 --project nowhere", InvalidParameter),
        ("devices remove nobody", NotFound),
        ("devices discover --seconds 99", InvalidParameter),
        ("devices discover --interface no-such", InvalidParameter),
        ("devices discover 169.254.169.254", SourceRefused),
    ],
)
def test_a_slip_is_one_clear_failure(line: str, failure: type[Exception]) -> None:
    """Nothing is half done."""
    typed("devices add taken --rtsp rtsp://h/1")
    assert isinstance(attempt(line).exception, failure)


def test_cameras_are_found_and_tell_their_streams() -> None:
    """What is printed is what `devices add --onvif` wants."""
    with OnvifCamera(STREAMS) as camera:
        line = f"devices discover 127.0.0.1:{camera.probe_port} --seconds 0.5 --user ada --password-stdin"
        lines = typed(line, "s3cret & more\n").splitlines()
        told = typed(f"devices discover {camera.url} --user ada --password-stdin", "wrong\n").splitlines()
        unasked = typed(f"devices discover {camera.url}").splitlines()
        url = camera.url
    assert lines == [
        f"127.0.0.1  {url}  Gate camera  VC-1",
        "  p-1  main  H264  1280x720  rtsp://127.0.0.1:8554/main",
    ]
    assert "does not take the user or the password" in told[1]
    assert any("wants to know a user" in line for line in unasked), "nobody was named: say so, not that it was wrong"
