"""The roles that this installation can fill without a model, and what their detectors see."""

from typing import Final

OBJECTS: Final = "objects"
"""Persons, vehicles and other things; motion fills it for want of a model."""
MOTION: Final = "motion"
"""Whatever moves, with a model for `objects` or without."""
STILL: Final = "still"
"""What was not there, and stays."""

PUT_DOWN, ARRIVED = "still", "arrived"
"""What the detector of the role `still` tells apart: things that somebody left, or that were suddenly there; and what came by
itself and stopped, as people and vehicles do."""
STILL_AFTER_S: Final = 1.0
"""The detector of the role `still` sees a thing once it has not moved for this long."""
