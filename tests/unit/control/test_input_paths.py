"""Which folder the results of a file get: a name of somebody else's making becomes a path that leads nowhere else."""

import pytest

from vedette.control.input_paths import STEP, WHOLE, InputFile, _url, safe_path
from vedette.model.source import Liveness


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("gate north/2026-05-04.mp4", "gate north/2026-05-04.mp4"),
        ("/clips/a.mp4", "clips/a.mp4"),
        ("../../etc/./a.mp4", "etc/a.mp4"),
        ("a//b/../c.mp4", "a/b/c.mp4"),
        ("..\\..\\a.mp4", "a.mp4"),
        ("a\x00b\n.mp4", "a_b_.mp4"),
        ("..", ""),
        ("", ""),
    ],
)
def test_a_name_becomes_steps_that_lead_nowhere_else(name: str, path: str) -> None:
    assert safe_path(name) == path


def test_steps_and_paths_are_no_longer_than_stores_take_and_stay_different() -> None:
    """A file system takes 255 bytes of a step, S3 takes 1024 of a name; letters may have four bytes."""
    first, second = safe_path(f"a{'像' * 300}.mp4"), safe_path(f"b{'像' * 300}.mp4")
    assert first != second
    assert len(first.encode()) <= STEP
    assert first.endswith("像.mp4")
    long = [safe_path("/".join([one, *["step"] * 300, "a.mp4"])) for one in ("x", "y")]
    assert long[0] != long[1]
    assert all(len(path.encode()) <= WHOLE and path.endswith("/a.mp4") for path in long)


def test_what_is_shown_of_an_address_holds_no_secret() -> None:
    """A query may be a signature, and what stands before the host a password."""
    found = _url("url", "http://ann:s3cret@media.example:8080/a%20b/%2e%2e/%2Fclip.mp4?X-Amz-Signature=beef#x")
    assert found == InputFile(
        {"type": "url", "url": "http://media.example:8080/a%20b/%2e%2e/%2Fclip.mp4"}, "a b/clip.mp4", Liveness.FILE
    )


@pytest.mark.parametrize(
    ("url", "liveness"),
    [("file:///clips/a.mp4", Liveness.FILE), ("http://media.example/live/", Liveness.EITHER), ("rtsp://c/1", None)],
)
def test_a_live_address_is_no_file(url: str, liveness: Liveness | None) -> None:
    found = _url("url", url)
    assert (found and found.liveness) == liveness
