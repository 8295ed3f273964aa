"""From pictures to findings: the public face for those who write algorithms.

An algorithm is a class with a manifest and one method, published under the entry point group `vedette.algorithms`;
the built-in ones come by the same door. Nothing here loads a model, a decoder or OpenCV: the control plane imports
this room too. What only a worker needs stands in modules of its own, which are reached through `Models`.
"""

from vedette.algorithms.base import (
    Algorithm,
    AlgorithmConfig,
    Classifier,
    Detector,
    Embedder,
    EventKind,
    Manifest,
    Models,
    PlainState,
    ServiceName,
)
from vedette.algorithms.boxes import distinct, overlap
from vedette.algorithms.geometry import Line, Polygon, Roi, whole
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys, key
from vedette.algorithms.parameters import Number, Switch, Whole
from vedette.algorithms.regions import Regions
from vedette.algorithms.rules import (
    Absence,
    AbsenceWatch,
    Crossed,
    Entered,
    LineWatch,
    Lingered,
    RegionWatch,
    Standing,
    Stay,
    StayWatch,
)
from vedette.algorithms.rules.spells import Ended, Lasted, Spells
from vedette.algorithms.targets import Kinds, Target, Targets, columns
from vedette.algorithms.tracking import Tracked, Tracker, TrackerSettings
from vedette.model.detection import Detections
from vedette.model.event import Box, Drawing, Finding
from vedette.model.frame import Frame, Position
from vedette.model.message import BoundingBox, EventData, Mark, ObjectName, Track

__all__ = [
    "Absence",
    "AbsenceWatch",
    "Algorithm",
    "AlgorithmConfig",
    "BoundingBox",
    "Box",
    "Classifier",
    "Crossed",
    "Detections",
    "Detector",
    "Drawing",
    "Embedder",
    "Ended",
    "Entered",
    "EventData",
    "EventKind",
    "Finding",
    "Frame",
    "Kinds",
    "Lasted",
    "Line",
    "LineWatch",
    "Lingered",
    "Manifest",
    "Mark",
    "Models",
    "Number",
    "ObjectName",
    "PictureKeys",
    "PlainState",
    "Polygon",
    "Position",
    "RegionKeys",
    "RegionWatch",
    "Regions",
    "Roi",
    "ServiceName",
    "SizeKeys",
    "Spells",
    "Standing",
    "Stay",
    "StayWatch",
    "Switch",
    "Target",
    "Targets",
    "Track",
    "Tracked",
    "Tracker",
    "TrackerSettings",
    "Whole",
    "columns",
    "distinct",
    "key",
    "overlap",
    "whole",
]
