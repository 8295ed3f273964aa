"""Rules in space and time, over tracks or over what is seen: small parts that services are put together from.

Each takes up what one picture shows, returns what has come to pass, keeps a few numbers per track, and gives and takes
them as plain state. `Standing` says what a rule may make of a track at this moment. Times are seconds of the video.
"""

from vedette.algorithms.rules.crossing import Crossed, LineWatch
from vedette.algorithms.rules.region import ENTERED_S, LEFT_S, Entered, Lingered, RegionWatch
from vedette.algorithms.rules.standing import Ids, Standing

__all__ = ["ENTERED_S", "LEFT_S", "Crossed", "Entered", "Ids", "LineWatch", "Lingered", "RegionWatch", "Standing"]
