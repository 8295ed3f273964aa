"""Names in a list are joined, and cut between two of them."""

from vedette.schemas.batch_info import NAMES_LENGTH, joined


def test_short_lists_are_whole() -> None:
    """As in the published example."""
    assert joined(["a", "b"]) == "a,b"
    assert joined([]) == ""


def test_long_lists_are_cut_between_names() -> None:
    """Half a name would be the name of nobody."""
    names = [f"camera-{n:04}" for n in range(200)]
    text = joined(names)
    assert len(text) <= NAMES_LENGTH
    *kept, rest = text.split(",")
    assert rest == "…"
    assert kept == names[: len(kept)]
    exact = ["x" * 511, "y" * 512]
    assert joined(exact) == ",".join(exact)
