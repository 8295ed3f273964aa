"""The kinds of picture of an output."""

import pytest

from vedette.delivery.categories import lacking, wants_picture


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        (None, True),
        ((), True),
        (("OriginImage",), True),
        (("FaceImage", "OriginImage"), True),
        (("FaceImage",), False),
        (("whatever",), False),
    ],
)
def test_pictures_go_to_whom_names_them_or_names_nothing(named: tuple[str, ...] | None, wanted: bool) -> None:
    """Results without pictures are a hundredth of the size; who asks for other kinds must not get these."""
    assert wants_picture(named) is wanted


def test_kinds_that_no_event_has_are_named() -> None:
    """The task's status says so: nobody shall wait for pictures of faces."""
    assert lacking(("OriginImage", "FaceImage")) == ["FaceImage"]
    assert lacking(None) == []
