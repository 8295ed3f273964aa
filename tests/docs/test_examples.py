"""What the guides show works as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest

from vedette.algorithms import manifests

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto"


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (HOWTO / page).read_text(), re.MULTILINE | re.DOTALL)


def test_the_algorithm_of_the_guide_runs() -> None:
    """Whoever copies it starts from something that works; its last lines check what it finds."""
    names: dict[str, Any] = {"__name__": "guide"}
    blocks = _blocks("algorithms.md", "python")
    exec("\n".join(blocks), names)
    assert names["found"]


def test_the_model_manifest_of_the_guide_is_valid() -> None:
    """With the checksum filled in, as the reader does."""
    (block,) = _blocks("models.md", "toml")
    assert manifests.parse(block.replace('"…"', f'"{"0" * 64}"'), "guide")


@pytest.mark.parametrize("page", ["models.md"])
def test_known_models_named_in_the_guide_exist(page: str) -> None:
    """The catalogue changes, and guides are forgotten."""
    named = set(re.findall(r"models pull (\S+)", (HOWTO / page).read_text()))
    assert named
    assert named <= {entry.manifest.name for entry in manifests.catalogue()}
