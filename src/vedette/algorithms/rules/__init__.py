"""Rules in space and time, over tracks or over what is seen: small parts that services are put together from.

Each takes up what one picture shows, returns what has come to pass, keeps a few numbers per track, and gives and takes
them as plain state. `Standing` says what a rule may make of a track at this moment. Times are seconds of the video.
"""

from vedette.algorithms.rules.absence import Absence, AbsenceWatch
from vedette.algorithms.rules.best_shot import BestShots, Shot
from vedette.algorithms.rules.counting import Flow, Intervals, LineCount, RegionCount
from vedette.algorithms.rules.crossing import STAYS_S, Crossed, LineWatch
from vedette.algorithms.rules.density import Grid, Look, Samples
from vedette.algorithms.rules.direction import Against, DirectionWatch
from vedette.algorithms.rules.fixture import FixtureWatch
from vedette.algorithms.rules.heat import HeatMap
from vedette.algorithms.rules.limit import LimitWatch
from vedette.algorithms.rules.region import ENTERED_S, LEFT_S, Entered, Lingered, RegionWatch
from vedette.algorithms.rules.speed import SpeedWatch
from vedette.algorithms.rules.standing import Ids, Standing
from vedette.algorithms.rules.stay import Stay, StayWatch

__all__ = [
    "ENTERED_S",
    "LEFT_S",
    "STAYS_S",
    "Absence",
    "AbsenceWatch",
    "Against",
    "BestShots",
    "Crossed",
    "DirectionWatch",
    "Entered",
    "FixtureWatch",
    "Flow",
    "Grid",
    "HeatMap",
    "Ids",
    "Intervals",
    "LimitWatch",
    "LineCount",
    "LineWatch",
    "Lingered",
    "Look",
    "RegionCount",
    "RegionWatch",
    "Samples",
    "Shot",
    "SpeedWatch",
    "Standing",
    "Stay",
    "StayWatch",
]
