"""The tree of failures."""

import re

import pytest

from vedette.model import errors
from vedette.model.errors import VedetteError


def _all(kind: type[VedetteError]) -> list[type[VedetteError]]:
    return [
        kind,
        *(found for child in kind.__subclasses__() if child.__module__ == errors.__name__ for found in _all(child)),
    ]


TREE = _all(VedetteError)
DRAWN = re.compile(r"^((?:│  |   )*)(?:[├└]─ )?(\w+)(?: {2,}(.*))?$")


def _drawn() -> dict[str, tuple[str | None, str]]:
    """Return name -> (parent, remark) of the drawing in the module's docstring."""
    drawing = (errors.__doc__ or "").split("\n\n")[1]
    found: dict[str, tuple[str | None, str]] = {}
    above: dict[int, str] = {}
    for line in drawing.splitlines():
        match = DRAWN.match(line)
        assert match, line
        depth = len(match[1]) // 3 + ("─" in line)
        found[match[2]] = (above.get(depth - 1), match[3] or "")
        above[depth] = match[2]
    return found


def test_the_drawing_is_the_tree() -> None:
    """One page shows every failure; a class that is not on it is not known to exist."""
    parents = {kind.__name__: kind.__base__.__name__ for kind in TREE if kind is not VedetteError and kind.__base__}
    assert {name: parent for name, (parent, _) in _drawn().items() if parent} == parents


def test_the_drawing_says_which_are_transient() -> None:
    """`transient` is the one question of a retry loop, so the page must not lie about it."""
    assert {name for name, (_, remark) in _drawn().items() if remark.startswith("transient")} == {
        kind.__name__ for kind in TREE if kind.transient
    }


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_failure_has_a_code_of_the_documented_length_and_sentences(kind: type[VedetteError]) -> None:
    """`error.code` has 8 to 36 characters; reason and advice are read by people."""
    assert 8 <= len(kind.code) <= 36
    assert kind.reason.endswith(".")
    assert kind.advice.endswith(".")
    assert kind.__doc__


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_failure_keeps_its_message(kind: type[VedetteError]) -> None:
    """What a caller reads and what a log holds is the same sentence."""
    error = kind("What happened.")
    assert error.message == str(error) == "What happened."
    assert error.param is None


def test_codes_of_our_own_are_told_apart() -> None:
    """Two failures under one code of ours would be one failure."""
    ours = [kind.code for kind in TREE if kind.code.startswith("VEDETTE.")]
    assert len(ours) == len(set(ours))


def test_every_error_that_a_task_can_have_says_what_can_be_done() -> None:
    """Its status shows it; a code of another release has no advice, and breaks nothing."""
    for kind in (*_all(errors.SourceError), errors.AlgorithmError, errors.ModelError, errors.WorkerLost):
        assert errors.advice_on(kind.code), kind
    assert errors.advice_on("VEDETTE.1003") == errors.SourceRefused.advice
    assert errors.advice_on("VEDETTE.9999") == ""
