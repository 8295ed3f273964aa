"""From pictures to findings: the public face for those who write algorithms.

An algorithm is a class with a manifest and one method, published under the entry point group `vedette.algorithms`;
the built-in ones come by the same door. Nothing here loads a model, a decoder or OpenCV: the control plane imports
this room too. What only a worker needs stands in `engine`, `onnx` and `motion`.
"""

from vedette.algorithms.base import (
    Algorithm,
    AlgorithmConfig,
    Detector,
    EventKind,
    Manifest,
    Models,
    PlainState,
    ServiceName,
)
from vedette.algorithms.boxes import distinct, overlap
from vedette.algorithms.geometry import Line, Polygon, Roi, whole
from vedette.algorithms.parameters import Number, Switch, Whole
from vedette.algorithms.rules import Crossed, Entered, LineWatch, Lingered, RegionWatch, Standing
from vedette.algorithms.tracking import Tracked, Tracker, TrackerSettings
from vedette.model.detection import Detections
from vedette.model.event import Box, Drawing, Finding
from vedette.model.frame import Frame, Position
from vedette.model.message import BoundingBox, EventData, Mark, ObjectName, Track

__all__ = [
    "Algorithm",
    "AlgorithmConfig",
    "BoundingBox",
    "Box",
    "Crossed",
    "Detections",
    "Detector",
    "Drawing",
    "Entered",
    "EventData",
    "EventKind",
    "Finding",
    "Frame",
    "Line",
    "LineWatch",
    "Lingered",
    "Manifest",
    "Mark",
    "Models",
    "Number",
    "ObjectName",
    "PlainState",
    "Polygon",
    "Position",
    "RegionWatch",
    "Roi",
    "ServiceName",
    "Standing",
    "Switch",
    "Track",
    "Tracked",
    "Tracker",
    "TrackerSettings",
    "Whole",
    "distinct",
    "overlap",
    "whole",
]
