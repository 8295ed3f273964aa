"""Detections as columns."""

import numpy as np
import pytest

from vedette.model.detection import Detections

THREE = Detections.of(
    np.array([[0, 0, 10, 20], [5, 5, 7, 9], [100, 50, 140, 90]], np.float32),
    np.array([0.9, 0.5, 0.7], np.float32),
    np.array([0, 1, 0], np.int64),
    ("person", "car"),
)


def test_columns_of_different_length_are_refused() -> None:
    """A shift of one row would give every object the score of its neighbour."""
    boxes, one, two = np.zeros((2, 4), np.float32), np.zeros(1, np.float32), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match="length"):
        Detections(boxes, one, two, two, ("person",))
    with pytest.raises(ValueError, match="length"):
        Detections(np.zeros((2, 3), np.float32), np.zeros(2, np.float32), two, two, ("person",))


def test_none_is_empty_and_keeps_its_labels() -> None:
    """An empty picture is no special case."""
    none = Detections.none(("person",))
    assert len(none) == 0
    assert none.labels == ("person",)
    assert list(none.rows()) == []
    assert none.feet.shape == (0, 2)


def test_nothing_is_tracked_at_first() -> None:
    """A detector must not invent tracks."""
    assert THREE.track_ids.tolist() == [-1, -1, -1]


@pytest.mark.parametrize("chosen", [np.array([True, False, True]), np.array([0, 2])])
def test_rows_are_chosen_by_mask_or_index_over_all_columns(chosen: np.ndarray) -> None:
    """All columns are cut alike."""
    two = THREE.where(chosen)
    assert two.boxes[:, 0].tolist() == [0, 100]
    assert two.scores.tolist() == pytest.approx([0.9, 0.7])
    assert two.classes.tolist() == [0, 0]
    assert [(label, track) for _, _, label, track in two.rows()] == [("person", -1), ("person", -1)]


def test_a_thing_stands_in_the_middle_of_its_lower_edge() -> None:
    """Zones are on the ground, and so are feet."""
    assert THREE.feet.tolist() == [[5, 20], [6, 9], [120, 90]]
