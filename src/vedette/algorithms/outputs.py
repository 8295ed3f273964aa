"""What a model gives, as data: which layout its outputs have, and the numbers that the layout needs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]
Stride = Annotated[int, Field(gt=0, le=512)]


class Kind(StrEnum):
    """What a model is used for."""

    DETECTOR = "detector"
    CLASSIFIER = "classifier"
    EMBEDDER = "embedder"


class Layout(StrEnum):
    """How boxes stand in the outputs; the modules of `layouts` read them."""

    YOLOX = "yolox"
    """(1, cells, 5 + classes): centre, size, objectness, classes; cells of all strides, one after the other."""
    FASTESTDET = "fastestdet"
    """(1, 5 + classes, rows, columns): objectness, centre, size, classes of one grid."""
    YUNET = "yunet"
    """(1, cells, 1 | 1 | 4 | 10) for each stride: class, objectness, box, five marks; all of a kind before the next."""
    YOLOV5 = "yolov5"
    """(1, n, 5 + classes): finished boxes, objectness, classes; also with the last two dimensions changed over."""
    YOLOV8 = "yolov8"
    """(1, 4 + classes, n): finished boxes, classes; also with the last two dimensions changed over."""
    ANCHORS = "anchors"
    """For each stride (1, anchors x (5 + classes), rows, columns), raw: YOLO from version 2 to 7 without its last step."""
    END_TO_END = "end-to-end"
    """(n, columns): finished and chosen boxes, one a row; what stands in the columns is said by `columns`."""
    SSD = "ssd"
    """Boxes (1, n, 4) and scores (1, n, classes), two outputs."""
    DETECTIONS = "detections"
    """Boxes (n, 4), classes (n), scores (n) and, if there is one more output, their number: chosen already."""
    DISTANCES = "distances"
    """(1, cells, classes + 4 x bins): distances to the four sides, each a distribution over bins (NanoDet) or a number."""
    HEATMAP = "heatmap"
    """Centres (1, classes, rows, columns), sizes and shifts (1, 2, rows, columns) each: CenterNet."""
    DETR = "detr"
    """Scores (1, n, classes [+ 1 for nothing]) and boxes (1, n, 4): one box for each query."""
    CLASSES = "classes"
    """(n, classes): one picture a row."""
    EMBEDDING = "embedding"
    """(n, numbers): one picture a row."""

    @property
    def kind(self) -> Kind:
        """Return what a model with this layout is used for."""
        return {Layout.CLASSES: Kind.CLASSIFIER, Layout.EMBEDDING: Kind.EMBEDDER}.get(self, Kind.DETECTOR)


class Box(StrEnum):
    """What the four numbers of a box are."""

    XYXY = "xyxy"
    """Left, top, right, bottom."""
    YXYX = "yxyx"
    """Top, left, bottom, right (TensorFlow)."""
    XYWH = "xywh"
    """Left, top, width, height."""
    CXCYWH = "cxcywh"
    """Centre, width, height."""


class Activation(StrEnum):
    """What is still to be done to scores."""

    NONE = "none"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"


class Background(StrEnum):
    """Where the class of nothing stands, which has no label."""

    NONE = "none"
    FIRST = "first"
    LAST = "last"


class Step(StrEnum):
    """The last step of a YOLO with anchors."""

    EXP = "exp"
    """Centre = sigmoid + cell, size = exp x anchor (versions 2 to 4)."""
    SQUARE = "square"
    """Centre = 2 sigmoid - 0.5 + cell, size = (2 sigmoid)^2 x anchor (versions 5 and 7)."""


_ROWS: Mapping[str, Any] = {
    "boxes": Box.CXCYWH, "normalised": False, "activation": Activation.NONE, "overlap": 0.45, "points": 0, "spare": 0,
}  # fmt: skip
_SCORED: Mapping[str, Any] = {"threshold": None, "labels": None}
_CELLS: Mapping[str, Any] = {"strides": (8, 16, 32), "overlap": 0.45, **_SCORED}
NEEDS: Mapping[Layout, Mapping[str, Any]] = {
    Layout.YOLOX: _CELLS,
    Layout.FASTESTDET: {**_CELLS, "strides": (16,)},
    Layout.YUNET: {**_CELLS, "overlap": 0.3},
    Layout.YOLOV5: {**_ROWS, **_SCORED},
    Layout.YOLOV8: {**_ROWS, **_SCORED},
    Layout.ANCHORS: {**_CELLS, "anchors": None, "step": Step.SQUARE, "activation": Activation.SIGMOID},
    Layout.END_TO_END: {
        "columns": ("left", "top", "right", "bottom", "score", "class"),
        "normalised": False, "first_class": 0, "overlap": 1.0, **_SCORED,
    },
    Layout.SSD: {
        "boxes": Box.XYXY, "normalised": True, "activation": Activation.NONE, "background": Background.FIRST,
        "overlap": 0.45, **_SCORED,
    },
    Layout.DETECTIONS: {"boxes": Box.XYXY, "normalised": False, "first_class": 0, "overlap": 1.0, **_SCORED},
    Layout.DISTANCES: {**_CELLS, "bins": 8, "shift": 0.0, "activation": Activation.NONE},
    Layout.HEATMAP: {**_CELLS, "strides": (4,), "overlap": 1.0, "activation": Activation.SIGMOID},
    Layout.DETR: {
        "boxes": Box.CXCYWH, "normalised": True, "activation": Activation.SOFTMAX, "background": Background.LAST,
        "overlap": 1.0, **_SCORED,
    },
    Layout.CLASSES: {"activation": Activation.SOFTMAX, "threshold": 0.5, "labels": None},
    Layout.EMBEDDING: {},
}  # fmt: skip
"""What each layout may be told, with what holds if it is not said; None: it must be said."""
COLUMNS = ("left", "top", "right", "bottom", "centre_x", "centre_y", "width", "height", "score", "class", "-")
"""What may stand in a column; `-` is not read."""


class OutputSpec(BaseModel):
    """What the model gives. `NEEDS` says which of these a layout may be told, and what holds otherwise.

    Attributes:
        outputs: names of the model's outputs in the order the layout has them; empty: the model's own order.
        strides: pixels of the input per cell, in the order of the output.
        threshold: the score from which this model is to be believed.
        overlap: of two boxes of a class that overlap by more the weaker goes; 1: all stay.
        labels: names of the classes.
        normalised: whether boxes count from 0 to 1 across the input, not in its pixels.
        first_class: the number the first label has in the output.
        points: marks after the classes, each x, y and how sure it is.
        spare: values at the end of a row that are not read.
        anchors: for each stride width and height of each anchor, in pixels of the input.
        bins: numbers that make up a distance; 1: the distance itself.
        shift: of the point in a cell that distances are taken from, in cells: 0 the corner, 0.5 the middle.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Layout
    outputs: tuple[str, ...] = ()
    strides: tuple[Stride, ...] = ()
    threshold: float = Field(default=0.5, gt=0, lt=1)
    overlap: float = Field(default=1.0, gt=0, le=1)
    labels: tuple[str, ...] = ()
    boxes: Box = Box.XYXY
    normalised: bool = False
    activation: Activation = Activation.NONE
    background: Background = Background.NONE
    columns: tuple[str, ...] = ()
    first_class: int = Field(default=0, ge=0)
    points: int = Field(default=0, ge=0, le=512)
    spare: int = Field(default=0, ge=0, le=4096)
    anchors: tuple[tuple[tuple[Positive, Positive], ...], ...] = ()
    step: Step = Step.SQUARE
    bins: int = Field(default=1, ge=1, le=128)
    shift: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _of_the_layout(cls, given: Any) -> Any:
        """Refuse what means nothing to the layout, and fill in what holds unless it is said."""
        if not isinstance(given, dict) or given.get("layout") not in set(Layout):
            return given  # the fields themselves say what is wrong
        layout = Layout(given["layout"])
        needs = NEEDS[layout]
        for key in given:
            if key in cls.model_fields and key not in needs and key not in {"layout", "outputs"}:
                raise ValueError(f"{key} means nothing to the layout {layout}")
        missing = sorted(key for key, default in needs.items() if default is None and key not in given)
        if missing:
            raise ValueError(f"the layout {layout} must be told: {', '.join(missing)}")
        return {key: value for key, value in needs.items() if value is not None} | given

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if "labels" in NEEDS[self.layout] and not self.labels:
            raise ValueError("labels must name at least one class")
        unknown = sorted(set(self.columns) - set(COLUMNS))
        if unknown:
            raise ValueError(f"no column is called {unknown[0]}; known are: {', '.join(COLUMNS)}")
        if self.columns and not (
            {"score"} <= set(self.columns)
            and ({"left", "top"} <= set(self.columns) or {"centre_x", "centre_y"} <= set(self.columns))
            and ({"right", "bottom"} <= set(self.columns) or {"width", "height"} <= set(self.columns))
        ):
            raise ValueError("columns must name a score, a corner or the centre, and the other corner or the size")
        if self.columns and "class" not in self.columns and len(self.labels) > 1:
            raise ValueError("columns must name the class, for there are several labels")
        if self.layout is Layout.ANCHORS and len(self.anchors) != len(self.strides):
            raise ValueError("anchors must be given for each of the strides")
        return self
