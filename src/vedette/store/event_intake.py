"""How new events come into the event center: held or told, alone or after a main event; in the transaction of their ingest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from vedette.model.event import Event
from vedette.model.ids import ProjectId
from vedette.model.review import EventRules
from vedette.store import event_rules, subscriptions
from vedette.store.subscriptions import Listener


@dataclass(frozen=True, slots=True)
class _Center:
    rules: EventRules
    audience: list[Listener]


class Intake:
    """The event centers of the projects that one ingest is about; each is asked once."""

    def __init__(self, conn: Connection, now_ms: int) -> None:
        self._conn = conn
        self._now_ms = now_ms
        self._centers: dict[str, _Center] = {}

    def columns(self, project_id: str, event: Event) -> dict[str, Any]:
        """Return what the row of an event says of its place in the event center."""
        rules = self._center(project_id).rules
        if not rules.aggregate:
            return {"listed": 1, "held": int(rules.manual_review)}
        key = event_rules.repeat_key(event)
        main = event_rules.main_of(self._conn, event, key, rules.window_s)
        if main is not None:
            return {"listed": 1, "main_id": main}
        return {"listed": 1, "held": int(rules.manual_review), "repeat_key": key}

    def stored(self, row: Mapping[str, Any]) -> None:
        """Count a new event with its main event, or tell the subscribers of it."""
        if row.get("main_id") is not None:
            event_rules.count_repetition(self._conn, row["main_id"], 1)
        elif not row["held"]:
            subscriptions.push(self._conn, self._center(row["project_id"]).audience, row, self._now_ms)

    def _center(self, project_id: str) -> _Center:
        found = self._centers.get(project_id)
        if found is None:
            known = ProjectId(project_id)
            event_rules.await_turn(self._conn, known)
            found = _Center(event_rules.rules_of(self._conn, known), subscriptions.audience(self._conn, known))
            self._centers[project_id] = found
        return found
