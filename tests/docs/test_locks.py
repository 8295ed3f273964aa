"""What is installed is pinned, and comes from wherever the machine's own package index is."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LOCKS = {path.stem: path.read_text() for path in sorted((ROOT / "requirements").glob("*.txt"))}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")  # type: ignore[index]  # always one


def _locked(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_exact_versions_and_hashes_but_no_address(lock: str) -> None:
    """An address would bind the project to one index; a version without a hash is no pin."""
    text = LOCKS[lock]
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert all(re.match(r"[a-z0-9._-]+==\S+", entry) for entry in entries)


def test_every_dependency_is_locked() -> None:
    """A package that is declared and not locked is missing on a fresh machine."""
    build = PROJECT["dependency-groups"]["build"]
    wanted = {_name(r) for r in PROJECT["project"]["dependencies"] + build}
    assert wanted <= set(_locked(LOCKS["runtime"]))
    extras = [r for group in PROJECT["project"]["optional-dependencies"].values() for r in group]
    wanted |= {_name(r) for r in PROJECT["dependency-groups"]["dev"] + extras}
    assert wanted <= set(_locked(LOCKS["test"]))


def test_the_tests_run_on_the_versions_that_are_shipped() -> None:
    """The environment of the tests is the runtime's, and more."""
    runtime, test = _locked(LOCKS["runtime"]), _locked(LOCKS["test"])
    assert runtime.items() <= test.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_only_one_opencv_is_locked(lock: str) -> None:
    """The wheels of OpenCV overwrite each other's files without a word."""
    found = [name for name in _locked(LOCKS[lock]) if name.startswith("opencv")]
    assert found == ["opencv-python-headless"]
