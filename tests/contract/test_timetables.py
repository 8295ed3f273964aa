"""Timetables as they are sent, refused and shown: weeks and months, zones of our own, dates that are left out."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bodies import SCHEDULE, TASK
from service import Client, Service

WINDOW = {"begin_at": "10:00:00", "end_at": "11:00:00"}
MONTHLY: dict[str, Any] = {"type": "monthly", "timezone": "+00:00", "days_of_month": [31, 1], "periods": [[WINDOW]]}


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def client(service: Service) -> Client:
    """A client in February, on a Monday."""
    service.clock.now = at("2026-02-02T08:00")
    return service.client()


def shown(client: Client, schedule: dict[str, Any]) -> Any:
    task_id = client.created(TASK | {"schedule": schedule})
    return client.call("GET", f"{client.root}/tasks/{task_id}").json


def test_a_monthly_timetable_passes_over_months_without_the_day(client: Client) -> None:
    """February has no 31st; what comes next is the first of March."""
    details = shown(client, MONTHLY)
    assert details["schedule"] == MONTHLY
    assert details["schedule_status"] == "ACTIVATED"
    assert details["next_change_at"] == "2026-03-01T10:00:00.000Z"


def test_the_windows_of_a_zone_follow_its_clocks(client: Client) -> None:
    """Ten o'clock in Berlin is nine in winter; the published field says one of its distances from UTC."""
    schedule = SCHEDULE | {"zone": "Europe/Berlin", "timezone": "+02:00", "periods": [[WINDOW]]}
    details = shown(client, schedule)
    assert details["schedule"] == schedule
    assert details["next_change_at"] == "2026-02-02T09:00:00.000Z"


def test_a_date_that_is_left_out_is_passed_over(client: Client) -> None:
    """Today is one."""
    schedule = SCHEDULE | {"timezone": "+00:00", "periods": [[WINDOW]], "skip_dates": ["2026-02-02"]}
    assert shown(client, schedule)["next_change_at"] == "2026-02-03T10:00:00.000Z"


def test_a_stopped_task_has_no_next_change(client: Client) -> None:
    """Its timetable is not obeyed until it is started again."""
    task_id = client.created(TASK | {"schedule": MONTHLY})
    assert client.call("PUT", f"{client.root}/tasks/{task_id}/action/stop").status == 200
    details = client.call("GET", f"{client.root}/tasks/{task_id}").json
    assert details["schedule_status"] == "INACTIVATED"
    assert "next_change_at" not in details


def test_a_task_without_a_timetable_has_no_next_change(client: Client) -> None:
    """As it has no status of one."""
    details = client.call("GET", f"{client.root}/tasks/{client.created(TASK)}").json
    assert "next_change_at" not in details


@pytest.mark.parametrize(
    ("schedule", "param"),
    [
        ({key: value for key, value in MONTHLY.items() if key != "days_of_month"}, "days_of_month"),
        (MONTHLY | {"days_of_month": []}, "days_of_month"),
        (MONTHLY | {"days_of_week": [1]}, "days_of_week"),
        (MONTHLY | {"periods": [[WINDOW]] * 7}, "periods"),
        (MONTHLY | {"periods": [[]]}, "periods"),
        (MONTHLY | {"periods": [[WINDOW]] * 32}, "periods"),
        (SCHEDULE | {"zone": "Europe/Berlin"}, "timezone"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(client: Client, schedule: dict[str, Any], param: str) -> None:
    """The caller is told which field to mend; an offset that the zone never has is a mistake in one of the two."""
    answer = client.create(TASK | {"schedule": schedule})
    assert (answer.status, answer.json["params"]) == (400, [param]), answer.text


def test_the_older_dialect_shows_a_monthly_timetable(client: Client) -> None:
    """It has the word for it, though it cannot make one here."""
    task_id = client.created(TASK | {"schedule": MONTHLY})
    path = f"{client.root}/services/c-intrusiondetection-cloud/tasks/{task_id}"
    timing = client.call("GET", path).json["timing"]
    assert timing == {"type": "monthly", "timezone": "+00:00", "days_of_month": [31, 1], "periods": [WINDOW]}
