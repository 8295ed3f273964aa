"""What a model is given, as data: value = (pixel x scale - mean) / deviation, plane by plane."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Colour(StrEnum):
    """The planes and their order."""

    BGR = "bgr"
    RGB = "rgb"
    GREY = "grey"
    """One plane, brightness."""

    @property
    def planes(self) -> int:
        """Return how many planes there are."""
        return 1 if self is Colour.GREY else 3


class Fit(StrEnum):
    """How a picture is brought to the model's size."""

    TOP_LEFT = "top-left"
    """Scaled with its shape kept, laid into the top left corner, the rest filled."""
    CENTRE = "centre"
    """Scaled with its shape kept, laid into the middle, the rest filled (letterbox)."""
    STRETCH = "stretch"
    """Scaled to the full width and height."""
    COVER = "cover"
    """Scaled with its shape kept until it covers all; what hangs over is cut off on both sides."""


class Order(StrEnum):
    """The order of the dimensions."""

    NCHW = "nchw"
    NHWC = "nhwc"


class InputSpec(BaseModel):
    """What the model is given. The type of its numbers is read from the file.

    Attributes:
        name: of the input; empty for the first one.
        width: pixels.
        height: pixels.
        multiple: above 0: the model takes any size; it is given no more than the scaled picture needs, rounded up to this
            multiple, `width` x `height` at most.
        mean: taken from each plane after `scale`, in the order of the planes.
        deviation: by which each plane is divided then.
        fill: grey value around a picture that does not fill the input.
        sizes: name of a second input that takes the height and width of the first; empty: there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    width: int = Field(ge=8, le=4096)
    height: int = Field(ge=8, le=4096)
    multiple: int = Field(default=0, ge=0, le=256)
    colour: Colour = Colour.BGR
    order: Order = Order.NCHW
    scale: float = Field(default=1.0, gt=0)
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    deviation: tuple[Annotated[float, Field(gt=0)], ...] = (1.0, 1.0, 1.0)
    fit: Fit = Fit.TOP_LEFT
    fill: int = Field(default=114, ge=0, le=255)
    sizes: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for name in sorted({"mean", "deviation"} & self.model_fields_set):
            if len(getattr(self, name)) != self.colour.planes:
                raise ValueError(f"{name} must have {self.colour.planes} values, one for each plane")
        if self.multiple and (self.width % self.multiple or self.height % self.multiple):
            raise ValueError("width and height must be divisible by multiple")
        if self.multiple and self.fit not in {Fit.TOP_LEFT, Fit.CENTRE}:
            raise ValueError(f"multiple needs a fit that keeps the shape, and {self.fit} does not leave room")
        return self
