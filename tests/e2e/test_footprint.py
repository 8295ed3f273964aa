"""What an idle service costs, and that it ends cleanly."""

import json
from pathlib import Path

import pytest

from e2e.service import Service, running


def pss_mb(pid: int) -> float:
    """Return the proportional set size of a process and its children, MB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(pss_mb(int(child)) for child in children)


def test_an_idle_service_is_small(tmp_path: Path) -> None:
    """Workers start with the first stream; nothing heavy is loaded before."""
    with running(tmp_path / "idle") as service:
        service.call("GET", "/vedette/v1/{p}/events")
        assert service.workers() == []
        assert pss_mb(service.pid) < 150


def test_sigterm_ends_it_with_nothing_left(tmp_path: Path) -> None:
    service = Service(tmp_path / "brief").start()
    assert service.stop() == 0
    lines = [json.loads(line) for line in service.log().splitlines()]
    assert lines[-1]["event"] == "service ended"
    assert not [line for line in lines if line["level"] in ("error", "critical")]


def test_credentials_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    with running(tmp_path / "first") as service:
        path = service.folder / "credentials.json"
        assert path.stat().st_mode & 0o777 == 0o600
        written = json.loads(path.read_text())
        assert "password" not in written, "what the operator chose is not written down"
        assert written["secret_key"]
        assert written["secret_key"] not in service.log()


def test_a_second_service_keeps_off_the_same_folder(tmp_path: Path) -> None:
    refused = pytest.raises(AssertionError, match="Another service runs on the data folder")
    with running(tmp_path / "one") as service, refused:
        Service(service.folder).start()
