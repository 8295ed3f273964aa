"""What exists is documented, and the pages lead where they say."""

import importlib
import pkgutil
import re
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest
import typer

from vedette import cli, model
from vedette.api import vas_errors
from vedette.model import errors
from vedette.model.lifecycle import State
from vedette.settings import OTHERS, PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
INNER = frozenset({"Liveness", "Signal"})
"""Vocabularies that no caller meets."""
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def _page(name: str) -> str:
    return (DOCS / "reference" / name).read_text()


def _missing(names: set[str], page: str) -> set[str]:
    return {name for name in names if f"`{name}`" not in page}


def test_generated_pages_are_current() -> None:
    """A page that lags behind the code misleads; scripts/gen_docs.py writes them anew."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/gen_docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_is_documented() -> None:
    """Also those that are no settings."""
    assert not _missing({PREFIX + name.upper() for name in Settings.names()} | OTHERS, _page("settings.md"))


def test_every_setting_is_used() -> None:
    """One that nobody reads is a promise that nobody keeps."""
    readers = [
        *(ROOT / "src/vedette").glob("app/*.py"),
        ROOT / "src/vedette/cli/__init__.py",
        ROOT / "src/vedette/settings.py",
    ]
    text = "\n".join(path.read_text() for path in readers)
    assert {name for name in Settings.names() if f".{name}" not in text} == set()


def test_every_error_code_is_documented() -> None:
    """A code that nobody can look up is noise."""
    todo, codes = [errors.VedetteError], set()
    while todo:
        kind = todo.pop()
        codes.add(kind.code)
        todo += kind.__subclasses__()
    assert not _missing(codes, _page("errors.md"))


def test_every_code_of_the_older_dialect_is_documented() -> None:
    """Its clients look them up as well."""
    codes = {code for _, code in (*vas_errors.CODES.values(), vas_errors.BAD_PROJECT, vas_errors.NO_SERVICE)}
    assert not _missing(codes, _page("errors.md"))


def _enumerations() -> list[type[StrEnum]]:
    modules = [importlib.import_module(f"vedette.model.{found.name}") for found in pkgutil.iter_modules(model.__path__)]
    found = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    return sorted(
        (kind for kind in found if issubclass(kind, StrEnum) and kind is not StrEnum), key=lambda k: k.__name__
    )


@pytest.mark.parametrize("kind", _enumerations(), ids=lambda kind: kind.__name__)
def test_every_word_that_callers_read_is_documented(kind: type[StrEnum]) -> None:
    """States, kinds and roles stand somewhere in the reference."""
    if kind.__name__ in INNER:
        return
    page = "\n".join(_page(name) for name in ("api.md", "api-rules.md", "states.md", "cli.md", "settings.md"))
    assert {member.value for member in kind if re.search(rf"\b{re.escape(member.value)}\b", page) is None} == set()


def test_every_state_is_documented() -> None:
    """All fifteen."""
    assert not _missing({state.value for state in State}, _page("states.md"))


def test_every_command_is_documented() -> None:
    """And the guides name no command that is not there."""
    page = _page("cli.md")
    command = typer.main.get_command(cli.app)
    groups = {name: getattr(below, "commands", None) for name, below in vars(command)["commands"].items()}
    names = {name for name, below in groups.items() if below is None}
    names |= {f"{name} {verb}" for name, below in groups.items() for verb in below or ()}
    assert len(names) > 5
    assert not _missing({f"vedette {name}" for name in names}, page)
    for text in (path.read_text() for path in PAGES):
        for named in re.findall(r"\.venv/bin/vedette ([a-z]+(?: [a-z-]+\b)?)", text):
            assert named in names or named.split()[0] in names, named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there and, where a heading is named, to that heading."""
    text = re.sub(r"`[^`\n]*`", "", page.read_text())  # a pattern may look like a link
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, heading = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{target} leads nowhere"
        if heading:
            titles = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_can_be_reached_from_the_first() -> None:
    """A page that nothing leads to is not read."""
    seen: set[Path] = set()
    todo = [ROOT / "README.md", DOCS / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)\s#:]+)[^)]*\)", page.read_text()):
            found = (page.parent / target).resolve()
            todo += found.glob("*.md") if found.is_dir() else [found] if found.suffix == ".md" else []
    assert set(DOCS.rglob("*.md")) <= seen


def test_variables_named_in_the_pages_exist() -> None:
    """A setting that was renamed must not live on in a guide."""
    known = {PREFIX + name.upper() for name in Settings.names()} | OTHERS
    for page in PAGES:
        named = set(re.findall(r"\bVEDETTE_[A-Z_]*[A-Z]\b", page.read_text()))
        assert named <= known, f"{page.relative_to(ROOT)} names {named - known}"
