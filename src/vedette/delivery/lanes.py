"""The lanes of all destinations that something waits for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from vedette.delivery.lane import Lane
from vedette.model.errors import Misconfigured
from vedette.model.ids import TaskId
from vedette.model.output import DisOutput, ObsOutput, OutputKind, Target, WebhookOutput
from vedette.store.outbox import Waiting
from vedette.store.vault import Vault
from vedette.telemetry import logs

KEPT = 10_000
"""Beyond these, idle lanes forget that their destination is gone."""
SEALED_MS = 60_000
"""How soon to try again to open a destination that was sealed with another key."""

_TARGETS: Final[Mapping[str, type[Target]]] = {
    OutputKind.WEBHOOK: WebhookOutput,
    OutputKind.OBS: ObsOutput,
    OutputKind.DIS: DisOutput,
}

_log = logs.get(__name__)


class Lanes:
    """Makes lanes, and forgets them when nothing waits."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._lanes: dict[str, Lane] = {}

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def troubles(self) -> dict[TaskId, str]:
        """Return the tasks whose destination is away or gone, and why."""
        return {lane.task_id: lane.trouble for lane in self if lane.away or lane.gone}

    def survey(self, agenda: Sequence[Waiting], now_ms: int) -> list[Lane]:
        """Return the lane of each destination that something waits for."""
        lanes = [self._lane(waiting, now_ms) for waiting in agenda]
        for lane, waiting in zip(lanes, agenda, strict=True):
            lane.earliest_at = waiting.earliest_at
        self._forget({waiting.destination_id for waiting in agenda})
        return lanes

    def _lane(self, waiting: Waiting, now_ms: int) -> Lane:
        lane = self._lanes.get(waiting.destination_id)
        if lane is None:
            lane = Lane(waiting.destination_id, waiting.task_id, waiting.kind, None)
            self._lanes[waiting.destination_id] = lane
        if lane.sealed != waiting.target:
            lane.target, lane.sealed, lane.gone = None, waiting.target, False
        if lane.target is None and now_ms >= lane.open_at:
            try:
                lane.target = self._vault.unseal(waiting.target, _TARGETS[waiting.kind])
            except Misconfigured as error:
                _log.error("a destination cannot be opened", task_id=lane.task_id, error=error.message)
                lane.hold(now_ms + SEALED_MS)
        return lane

    def _forget(self, wanted: set[str]) -> None:
        crowded = len(self._lanes) > KEPT
        for name in [name for name, lane in self._lanes.items() if name not in wanted]:
            if self._lanes[name].idle or (crowded and not self._lanes[name].taken):
                del self._lanes[name]
