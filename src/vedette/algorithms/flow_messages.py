"""What the messages of people flow say."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from vedette.algorithms.colours import NAMES
from vedette.model.message import EventData

Point = tuple[int, int]


class Clothes(EventData):
    """How many who came over to a side wore clothes of these colours."""

    upper_color: Annotated[
        str,
        Meta(
            description=f"Main colour of the upper clothes: {', '.join(NAMES)}; empty if they were out of the picture."
        ),
    ]
    lower_color: Annotated[str, Meta(description="Main colour of the lower clothes, likewise.")]
    count: Annotated[int, Meta(description="How many they were.", ge=1)]


_Worn = (
    Annotated[tuple[Clothes, ...], Meta(description="The same by clothes; with `attribute_detection_sw`.")] | UnsetType
)


class LineFlow(EventData):
    """One line."""

    line: Annotated[tuple[Point, Point], Meta(description="Its start and its end, each [x, y] in pixels.")]
    line_id: Annotated[int, Meta(description="Which of the task's lines it is, from 0.", ge=0)]
    side1_count: Annotated[int, Meta(description="How many came over to side 1.", ge=0)]
    side2_count: Annotated[int, Meta(description="How many came over to side 2.", ge=0)]
    side1_name: Annotated[str, Meta(description="What side 1 is called.")]
    side2_name: Annotated[str, Meta(description="What side 2 is called.")]
    side1_attributes: _Worn = UNSET
    side2_attributes: _Worn = UNSET


class LineFlowData(EventData):
    """Who crossed the lines during the interval that ends at `timestamp`."""

    interval: Annotated[int, Meta(description="Its length in seconds.", ge=1)]
    event_set: Annotated[tuple[LineFlow, ...], Meta(description="Each line of the task.", min_length=1)]


class RegionFlow(EventData):
    """One region."""

    polygon: Annotated[tuple[Point, ...], Meta(description="Its corners, each [x, y] in pixels.", min_length=3)]
    region_id: Annotated[int, Meta(description="Which of the task's regions it is, from 0.", ge=0)]
    count: Annotated[int, Meta(description="How many people are in it now.", ge=0)]
    entered: Annotated[int, Meta(description="How many came in during the interval, or were first seen there.", ge=0)]
    left: Annotated[int, Meta(description="How many went out during the interval, or were last seen there.", ge=0)]
    polygon_name: Annotated[str, Meta(description="The region's name, if it has one.", min_length=1)] | UnsetType = (
        UNSET
    )


class RegionFlowData(EventData):
    """Who is in the regions at `timestamp`, and who came and went during the interval that ends there."""

    interval: Annotated[int, Meta(description="Its length in seconds.", ge=1)]
    event_set: Annotated[tuple[RegionFlow, ...], Meta(description="Each region of the task.", min_length=1)]


class HeatData(EventData):
    """Where people spent their time during the interval that ends at `timestamp`."""

    interval: Annotated[int, Meta(description="Its length in seconds.", ge=1)]
    heat_image_base64: Annotated[str, Meta(description="The heat in colours over the picture, a JPEG in base64.")]
    heatpoint_image_base64: Annotated[str, Meta(description="The heat by itself, on black, a JPEG in base64.")]
    grid: Annotated[
        tuple[tuple[float, ...], ...],
        Meta(
            description="The same in numbers: rows from the top, in each from the left how many seconds people stood "
            "there, summed over all of them.",
            min_length=1,
        ),
    ]
