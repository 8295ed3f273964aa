"""`vedette services`: from a file to a published service, and back."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from vedette.algorithms.registry import Registry
from vedette.cli import app
from vedette.model.errors import Misconfigured, NotFound

HELMET = """
name = "helmet"
services = { cloud = "x-helmet-cloud" }
title_en = "No helmet"
title_cn = "未戴安全帽"
model = { role = "helmets" }
categories = [{ name = "no_helmet", classes = ["head"] }]
events = [{ number = 0x7F80_0001, name = "no_helmet", fields = ["bounding_box"] }]
rules = [{ rule = "present", event = "no_helmet", seconds = 1 }]
"""

NAMED = HELMET[HELMET.index("events") : HELMET.index(", seconds")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, and a file with a manifest in it."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", str(tmp_path))
    (tmp_path / "given.toml").write_text(HELMET)
    return tmp_path


def typed(*words: str) -> str:
    result = attempt(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def attempt(*words: str) -> Result:
    return CliRunner().invoke(app, ["services", *words])


def test_a_manifest_is_checked_added_listed_shown_and_removed(folder: Path) -> None:
    """All that an operator does, in order; nothing is there before it is added."""
    given = str(folder / "given.toml")
    assert typed("check", given).splitlines() == [
        "service x-helmet-cloud  cloud  1.0",
        "event 2139095041 (0x7F800001)  no_helmet",
        "No model of the role helmets is installed; tasks are refused until one is.",
    ]
    assert "x-helmet" not in typed("list")
    assert typed("add", given).startswith("helmet added; ")
    assert "x-helmet-cloud  helmet  own  needs a model of the role helmets" in typed("list")
    assert typed("show", "helmet") == HELMET
    assert Registry.load(folder=folder / "services").versions("x-helmet-cloud") == ("1.0",)
    typed("add", given)  # once more: it takes its own place
    assert [path.name for path in (folder / "services").iterdir()] == ["helmet.toml"]
    assert typed("remove", "helmet").startswith("helmet removed; ")
    assert "x-helmet" not in typed("list")


def test_a_shipped_service_is_replaced_by_ones_own_of_the_same_name_and_comes_back(folder: Path) -> None:
    """Whoever has a model with other class names shows the shipped manifest, changes a line, and adds it."""
    text = typed("show", "smoke_and_fire")
    assert 'classes = ["smoke"]' in text
    (folder / "given.toml").write_text(text.replace('classes = ["smoke"]', 'classes = ["rauch"]'))
    typed("add", str(folder / "given.toml"))
    assert "c-smoke-and-fire-cloud  smoke_and_fire  own" in typed("list")
    typed("remove", "smoke_and_fire")
    assert "c-smoke-and-fire-cloud  smoke_and_fire  shipped" in typed("list")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("x-helmet-cloud", "c-intrusiondetection-cloud"), "is the algorithm intrusion already"),
        ((NAMED, NAMED.replace("no_helmet", "loitering")), "the events of type 196610 are called loitering already"),
        (("0x7F80_0001", "196609"), "the event type 196609 is another algorithm's already"),
        (('rule = "present"', 'rule = "presnt"'), "rules[0].rule"),
        (("name = ", "name "), "is not TOML"),
    ],
)
def test_what_cannot_be_published_is_refused_with_the_place_and_nothing_is_kept(
    folder: Path, change: tuple[str, str], told: str
) -> None:
    """The service itself would leave it out with the same words; here somebody reads them."""
    given = folder / "given.toml"
    given.write_text(HELMET.replace(*change, 1))
    for verb in ("check", "add"):
        failure = attempt(verb, str(given)).exception
        assert isinstance(failure, Misconfigured)
        assert told in failure.message
        assert "\n" not in failure.message
    assert not (folder / "services").exists()


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        (("check", "nowhere.toml"), Misconfigured),
        (("remove", "nothing"), NotFound),
        (("remove", "smoke_and_fire"), NotFound),
        (("show", "nothing"), NotFound),
    ],
)
def test_a_slip_is_one_clear_failure(words: tuple[str, ...], failure: type[Exception]) -> None:
    assert isinstance(attempt(*words).exception, failure)


def test_what_is_broken_in_the_folder_keeps_nothing_else_out_and_is_told(folder: Path) -> None:
    """Somebody may have edited a file there by hand."""
    (folder / "services").mkdir()
    (folder / "services" / "broken.toml").write_text("name = 3")
    (folder / "services" / "good.toml").write_text(HELMET)
    (folder / "services" / "twice.toml").write_text(HELMET)
    result = attempt("list")
    assert "x-helmet-cloud" in result.stdout
    assert "services/broken.toml cannot be used: The service broken.toml is wrong: name: " in result.stderr
    assert "services/twice.toml cannot be used: there is a manifest of the service helmet already" in result.stderr
