"""What the guides show works as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest

from vedette.algorithms import manifests
from vedette.algorithms.composed.compose import compose
from vedette.algorithms.composed.fields import SOURCES
from vedette.algorithms.composed.manifest import ModelRow, ServiceManifest, parse
from vedette.algorithms.composed.rows import CategoryRow, EventRow, FieldRow, KeyRow
from vedette.algorithms.composed.rule_row import RuleRow
from vedette.algorithms.inputs import Fit, InputSpec
from vedette.algorithms.outputs import COLUMNS, Activation, Background, Box, Layout, OutputSpec, Step
from vedette.algorithms.registry import Registry
from vedette.testing import run, seen

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto"


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (HOWTO / page).read_text(), re.MULTILINE | re.DOTALL)


def test_the_algorithm_of_the_guide_runs() -> None:
    """Whoever copies it starts from something that works; its last lines check what it finds."""
    names: dict[str, Any] = {"__name__": "guide"}
    blocks = _blocks("algorithms.md", "python")
    exec("\n".join(blocks), names)
    assert names["found"]


def test_the_model_manifests_of_the_guide_are_valid() -> None:
    """With the checksum filled in, as the reader does; the shorter ones go after the head of the first."""
    first, *others = (block.replace('"…"', f'"{"0" * 64}"') for block in _blocks("models.md", "toml"))
    head = first.partition("[input]")[0]
    assert len({manifests.parse(text, "guide").output.layout for text in (first, *(head + o for o in others))}) == 6


def test_the_guide_names_every_key_and_every_layout_of_a_model() -> None:
    """Whoever adds one has to say so where people look."""
    text = (HOWTO / "models.md").read_text()
    words = {
        *InputSpec.model_fields,
        *OutputSpec.model_fields,
        *Layout,
        *Fit,
        *Box,
        *Activation,
        *Background,
        *Step,
        *COLUMNS,
    }
    assert {word for word in words if f"`{word}`" not in text} == set()


@pytest.mark.parametrize("page", ["models.md"])
def test_known_models_named_in_the_guide_exist(page: str) -> None:
    """The catalogue changes, and guides are forgotten."""
    named = set(re.findall(r"models pull (\S+)", (HOWTO / page).read_text()))
    assert named
    assert named <= {entry.manifest.name for entry in manifests.catalogue()}


def test_the_services_of_the_guide_can_be_published_together(tmp_path: Path) -> None:
    """Beside all that are there: names and numbers of the examples are nobody else's."""
    blocks = _blocks("services.md", "toml")
    for n, block in enumerate(blocks):
        (tmp_path / f"{n}.toml").write_text(block)
    registry = Registry.load(folder=tmp_path)
    assert [reason for file, reason in registry.broken.items() if file.startswith("services/")] == []
    assert len([one for one in registry.services() if one.name.name.startswith("x-")]) == len(blocks) + 1


def test_the_first_service_of_the_guide_tells_what_the_guide_promises() -> None:
    """A bare head for two seconds, or for as long as the task says; a helmet never."""
    service = compose(parse(_blocks("services.md", "toml")[0], "guide"))
    labels = ("helmet", "head", "person")
    for label, config, at in (("head", {}, 2.0), ("head", {"alert_time_threshold": 1}, 1.0), ("helmet", {}, None)):
        sees = {"helmets": lambda _, label=label: seen((100, 100, 150, 160), label=label, labels=labels)}
        found = run(service, config, sees=sees, seconds=4)
        assert [one.at for one in found] == ([] if at is None else [pytest.approx(at, abs=0.4)])


def test_every_word_of_a_manifest_is_in_the_guide() -> None:
    """Whoever writes one has nothing else to read."""
    page = (HOWTO / "services.md").read_text()
    words = {*SOURCES}
    for table in (ServiceManifest, ModelRow, CategoryRow, KeyRow, FieldRow, EventRow, RuleRow):
        words |= {field.alias or name for name, field in table.model_fields.items()}
    assert {
        word for word in words if f"`{word}`" not in page and f"{word} = " not in page and f"[{word}]" not in page
    } == set()


def test_the_scene_of_the_guide_plays() -> None:
    """Its own assertions look at what it expects."""
    names: dict[str, Any] = {"__name__": "guide"}
    exec("\n".join(_blocks("scenes.md", "python")), names)
    assert names["told"]
