"""Key position on duty, against visits that people have read off single frames."""

from collections.abc import Callable
from typing import Any

from clips import Sessions
from scoring import event_score

from vedette.algorithms.builtin.staff_on_duty import StaffOnDuty, StaffOnDutyConfig

Say = Callable[[str], None]
CLIP = "one-by-one-person-detection"
PERIOD = 10
"""Frames of a detection period of one second."""


def expected(visits: list[list[int]], frames: int) -> list[tuple[str, int]]:
    """Return when the post is left and taken again, from the visits alone: at the ends of whole periods."""
    events: list[tuple[str, int]] = []
    away = False
    for begin in range(0, frames - PERIOD, PERIOD):
        there = any(first < begin + PERIOD and last >= begin for first, last in visits)
        if there is away:
            away = not there
            events.append(("away" if away else "back", begin + PERIOD))
    return events


def test_each_absence_and_its_end_are_told_once(sessions: Sessions, wanted: dict[str, Any], say: Say) -> None:
    """Six people stand at a table one after another, with gaps of 2.7 to 6 seconds; told within 12 frames (1.2 s)."""
    played = sessions.play(f"{CLIP}.mp4")
    config = StaffOnDutyConfig.model_validate({"key_region_detect_threshold": 1, "event_disappear_alert_sw": 1})
    duty = StaffOnDuty(config, played)
    told = [
        ("back" if finding.over else "away", frame.position.index)
        for frame in played.frames()
        for finding in duty.process(frame)
    ]
    facts = wanted[CLIP]
    score = event_score(expected(facts["visits_frame0"], facts["frames"]), told, 12)
    say(f"absences on {CLIP}: {score.matched} right, missed {list(score.missed)}, false {list(score.false)}")
    assert score.matched >= 12
    assert score.precision >= 0.95
    assert score.recall >= 0.95
