"""Where good pictures end: the thresholds of the judge that may be set."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as a fault; the defaults are far from all pictures that real cameras took (`still`, `scene`).

    Attributes:
        dark: luma that 90 % of a too dark picture stay below; 121 is the least on the real clips, 54 the most at a
            quarter of the light.
        bright: mean luma of a too bright picture; 155 at most on the real clips, 218 at 2.5 times the light.
        cast: distance of the mean colour from grey (CIE L*a*b*, 8 bit); lawn and brick in `vtest` reach 20.
        noise: levels of noise (standard deviation) even where the picture is calmest; 2.2 at most on the real clips.
        blur: steepness (largest step between neighbours, as part of the contrast) that blurred edges stay below,
            across and down. The real clips have 0.42 and more, blurred by 0.5 % of the width 0.23 and less.
        cover: share of the picture that a cover takes in one piece.
        freeze_us: microseconds without any change: longer than the distance of key pictures that encoders are given
            (x264: 250 pictures), as a quiet scene may repeat itself exactly from one key picture to the next. A
            stream that showed noise in every picture before is frozen after a third of it.
    """

    dark: float = 56
    bright: float = 213
    cast: float = 28.0
    noise: float = 10.0
    blur: float = 0.30
    cover: float = 0.35
    freeze_us: int = 30_000_000


USUAL: Final = Limits()
