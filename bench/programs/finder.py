"""An algorithm that tells a finding of every picture, and when by the clock: how long it is on its way can be seen."""

import time
from collections.abc import Iterable

from vedette.algorithms import (
    Algorithm,
    AlgorithmConfig,
    EventData,
    EventKind,
    Finding,
    Frame,
    Manifest,
    Models,
    ServiceName,
)
from vedette.model.event import Drawing


class Found(EventData):
    """When something was found."""

    found_at: float


class Finder(Algorithm[AlgorithmConfig]):
    manifest = Manifest(
        name="bench-finder",
        services=(ServiceName("bench-finder", "cloud"),),
        versions=("1.0",),
        title_en="Finds something in every picture",
        title_cn="Finds something in every picture",
        config=AlgorithmConfig,
        roles=(),
        events=(EventKind(0x7F000001, "found", Found),),
    )

    def __init__(self, config: AlgorithmConfig, models: Models) -> None:
        pass

    def process(self, _frame: Frame) -> Iterable[Finding]:
        yield Finding(0x7F000001, "picture", Found(found_at=time.time()), Drawing(boxes=(((10, 10, 90, 90), "found"),)))
