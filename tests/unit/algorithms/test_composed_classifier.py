"""Written services with a second model that is shown what the first one found."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from written import EVENT, Box, at, rules, scene

from vedette.algorithms.composed.compose import compose
from vedette.algorithms.composed.manifest import parse
from vedette.algorithms.composed.service import Composed
from vedette.model.errors import ModelError
from vedette.model.frame import Frame
from vedette.testing import ScriptedModels, blank

LEFT: Box = (100.0, 100.0, 160.0, 220.0)
RIGHT: Box = (700.0, 100.0, 760.0, 220.0)
TEXT = """
name = "thing"
services = { cloud = "x-thing-cloud" }
title_en = "Thing"
title_cn = "物"
model = { role = "people", classifier = "masks", of = ["person"], threshold = 0.7 }
categories = [{ name = "bare", classes = ["no mask"] }]
"""


class Masks:
    """Sees a bare face on the left, and is less sure on the right; remembers what it was shown."""

    name = "masks"
    labels = ("mask", "no_mask")

    def __init__(self, sure: float) -> None:
        self.sure = sure
        self.shown: list[list[float]] = []

    def __call__(self, frame: Frame, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        self.shown += boxes.tolist()
        bare = np.where(boxes[:, 0] < 400, 0.9, self.sure)
        return np.stack([1 - bare, bare], axis=1).astype(np.float32)


class Both(ScriptedModels):
    """A detector of people and dogs, and the classifier."""

    def __init__(self, masks: Masks) -> None:
        super().__init__({"people": scene(("person", "dog"), {"person": at(LEFT), "dog": at(RIGHT)})})
        self._masks = masks

    def classifier(self, role: str) -> Any:
        assert role == "masks"
        return self._masks


def told(text: str, masks: Masks) -> list[int]:
    kind: type[Composed] = compose(parse(text, "test"))
    algorithm = kind(kind.manifest.config(), Both(masks))
    found = [finding for n in range(20) for finding in algorithm.process(blank(n / 10, index=n))]
    return [finding.data.event_set[0].bounding_box.x for finding in found]  # type: ignore[attr-defined]


def test_the_classifier_is_shown_the_boxes_of_the_classes_that_are_named_and_its_labels_count() -> None:
    text = TEXT + EVENT + rules('rule = "present", event = "thing"')
    masks = Masks(0.9)
    assert told(text, masks) == [100]
    assert {tuple(box) for box in masks.shown} == {LEFT}
    assert sorted(told(text.replace(', of = ["person"]', ""), Masks(0.9))) == [100, 700]


def test_what_the_classifier_is_not_sure_of_is_left_out() -> None:
    text = (TEXT + EVENT + rules('rule = "present", event = "thing"')).replace(', of = ["person"]', "")
    assert told(text, Masks(0.6)) == [100]
    assert sorted(told(text.replace("0.7", "0.6"), Masks(0.65))) == [100, 700]


def test_both_models_are_needed_and_unknown_classes_are_named() -> None:
    text = TEXT + EVENT + rules('rule = "present", event = "thing"')
    assert compose(parse(text, "test")).manifest.needs == ("people", "masks")
    with pytest.raises(ModelError, match="knows none of cat; it knows person, dog"):
        told(text.replace('of = ["person"]', 'of = ["cat"]'), Masks(0.9))
