"""The kinds of picture of an output."""

import pytest

from vedette.delivery.categories import FACE_IMAGE, ORIGIN_IMAGE, Sent, lacking, sent, wants
from vedette.model.pictures import Pictures

WHOLE, FACE, BOTH = Pictures(None, b"whole"), Pictures(b"face", None), Pictures(b"face", b"whole")


@pytest.mark.parametrize(
    ("named", "whole", "face", "both"),
    [
        (None, Sent(b"whole"), Sent(b"face"), Sent(b"face", b"whole")),
        ((), Sent(b"whole"), Sent(b"face"), Sent(b"face", b"whole")),
        (("OriginImage",), Sent(b"whole"), Sent(), Sent(None, b"whole")),
        (("FaceImage",), Sent(), Sent(b"face"), Sent(b"face")),
        (("FaceImage", "OriginImage"), Sent(b"whole"), Sent(b"face"), Sent(b"face", b"whole")),
        (("whatever",), Sent(), Sent(), Sent()),
    ],
)
def test_pictures_go_to_whom_names_them_or_names_nothing(
    named: tuple[str, ...] | None, whole: Sent, face: Sent, both: Sent
) -> None:
    """Results without pictures are a hundredth of the size; who asks for faces must not get whole pictures."""
    assert [sent(kept, named) for kept in (WHOLE, FACE, BOTH)] == [whole, face, both]


def test_who_names_neither_kind_needs_no_picture_read() -> None:
    assert [wants(kind, ("whatever",)) for kind in (FACE_IMAGE, ORIGIN_IMAGE)] == [False, False]
    assert [wants(kind, None) for kind in (FACE_IMAGE, ORIGIN_IMAGE)] == [True, True]


def test_kinds_that_no_event_has_are_named() -> None:
    """The task's status says so: nobody shall wait for pictures of faces where none are cut out."""
    assert lacking(("OriginImage", "FaceImage"), cuts=False) == ["FaceImage"]
    assert lacking(("OriginImage", "FaceImage", "x"), cuts=True) == ["x"]
    assert lacking(None, cuts=True) == []
