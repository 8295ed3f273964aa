"""What an author's tests are told of findings that do not fit their declaration."""

from typing import Annotated, Any

import numpy as np
import pytest
from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms import AlgorithmConfig, BoundingBox, EventData, EventKind, Finding, Manifest, Track
from vedette.model.errors import AlgorithmError
from vedette.testing import check_finding

ODD: Any = np.float32(1.5)
NOT_A_NUMBER: Any = "three"


class Seen(EventData):
    share: Annotated[float, Meta(ge=0, le=1)]
    detection_id: Track = Track(1)
    box: BoundingBox | UnsetType = UNSET
    names: tuple[Annotated[str, Meta(min_length=1)], ...] = ()


class Other(EventData):
    pass


MANIFEST = Manifest("watch", (), ("1.0",), "Watch", "看", AlgorithmConfig, (), (EventKind(7, "seen", Seen),))


@pytest.mark.parametrize(
    "data", [Seen(share=0.5), Seen(share=1, box=BoundingBox(x=-3, y=0, w=1, h=1), detection_id=Track(9), names=("a",))]
)
def test_what_fits_passes(data: Seen) -> None:
    check_finding(MANIFEST, Finding(7, "x", data))


@pytest.mark.parametrize(
    ("number", "data", "said"),
    [
        (8, Seen(share=0.5), "does not declare"),
        (7, Other(), "tells Other where it declares Seen"),
        (7, Seen(share=1.5), "share"),
        (7, Seen(share=float("nan")), "share"),
        (7, Seen(share=ODD), "float32"),
        (7, Seen(share=NOT_A_NUMBER), "share"),
        (7, Seen(share=0, names=("",)), "names"),
        (7, Seen(share=0, box=BoundingBox(x=0, y=0, w=-1, h=1)), "box.w"),
    ],
)
def test_what_does_not_fit_is_named(number: int, data: EventData, said: str) -> None:
    """By the field, so that the author finds it."""
    with pytest.raises(AlgorithmError, match=said):
        check_finding(MANIFEST, Finding(number, "x", data))
