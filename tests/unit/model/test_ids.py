"""Ids: random ones and derived ones."""

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from vedette.model.ids import derived_uuid, new_hex


def test_a_task_id_is_32_lower_case_hex_digits() -> None:
    """The documented shape of a task id."""
    ids = {new_hex() for _ in range(200)}
    assert len(ids) == 200
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in ids)


@given(parts=st.lists(st.one_of(st.text(max_size=20), st.integers())))
def test_a_derived_id_is_an_upper_case_uuid_and_always_the_same(parts: list[object]) -> None:
    """A replay must name its events as before."""
    name = derived_uuid(*parts)
    assert name == derived_uuid(*parts) == name.upper()
    assert uuid.UUID(name).variant == uuid.RFC_4122
    assert name[14] == "8"


def test_the_parts_are_kept_apart() -> None:
    """`1, 23` and `12, 3` are two findings."""
    assert (
        len({derived_uuid("a", 1, 23), derived_uuid("a", 12, 3), derived_uuid("a1", 23), derived_uuid("a", 1, 2, 3)})
        == 4
    )


def test_a_derived_id_does_not_change_between_releases() -> None:
    """Receivers keep the ids they have seen; an upgrade must not tell everything anew."""
    assert derived_uuid("task", "run", 0, 7, 196609, "region:0:track:1") == "1D783834-9B91-8FA3-A69C-EFA61FCE14DA"
