"""What the services for roads share: what drives there, and how a message tells of it."""

from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.geometry import Points
from vedette.algorithms.targets import Kinds, Target
from vedette.model.message import BoundingBox, EventData, Track

CAR, BUS, TRUCK, MOTORCYCLE, BICYCLE, OTHER_VEHICLE = range(6)
TYPES: Final = ("car", "bus", "truck", "motorcycle", "bicycle", "other_vehicle")
"""`type` of a vehicle on the wire."""
MOTOR: Final = frozenset({CAR, BUS, TRUCK, MOTORCYCLE})
ON_THE_ROAD: Final = Kinds(
    TYPES,
    {"car": CAR, "bus": BUS, "truck": TRUCK, "motorcycle": MOTORCYCLE, "bicycle": BICYCLE},  # as COCO names them
    unknown=OTHER_VEHICLE,
    alike=frozenset({CAR, BUS, TRUCK}),
)
"""Vehicles and, where nobody knows, whatever moves."""

VehicleType = Annotated[str, Meta(description=f"One of {', '.join(TYPES)}; the last where no model knows vehicles.")]
VehicleId = Annotated[Track, Meta(description="The same for as long as the vehicle is followed.")]
RegionName = Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType


class Vehicle(EventData):
    """A vehicle."""

    bounding_box: BoundingBox
    detection_id: VehicleId
    type: VehicleType
    polygon_name: RegionName = UNSET


def asked_of(*, motor: bool, non_motor: bool) -> frozenset[int]:
    """Return the categories that switches ask for: motor vehicles, bicycles, and with either what nobody knows."""
    asked = (MOTOR if motor else frozenset()) | (frozenset({BICYCLE}) if non_motor else frozenset())
    return asked | {OTHER_VEHICLE} if asked else asked


def box_of(target: Target) -> BoundingBox:
    """Return a target's box as a message has it."""
    left, top, width, height = target.box
    return BoundingBox(x=left, y=top, w=width, h=height)


def boxes_in_rows(targets: Sequence[Target], height: int) -> Points:
    """Return (n, 4) left, top, right, bottom of the targets' boxes, cut off above and below the picture.

    A tracker expects things to go on beyond the edge, and nobody stands there.
    """
    boxes = np.array([target.box for target in targets], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    boxes[:, 1::2] = boxes[:, 1::2].clip(0, height)
    return boxes


def boxes_in_picture(targets: Sequence[Target], width: int, height: int) -> Points:
    """Return (n, 4) left, top, right, bottom of the targets' boxes, as far as they are in the picture."""
    boxes = boxes_in_rows(targets, height)
    boxes[:, 0::2] = boxes[:, 0::2].clip(0, width)
    return boxes


def captions(targets: Sequence[Target]) -> list[tuple[tuple[int, int, int, int], str]]:
    """Return boxes with what is written beside them."""
    return [(target.box, f"{TYPES[target.category]} {target.track}") for target in targets]


def eyes(name: str, *, knows_classes: bool) -> str:
    """Return the sentence for a task's status that says which detector is at work."""
    return f"detector: {name}" if knows_classes else f"detector: {name} (no model installed; whatever moves counts)"
