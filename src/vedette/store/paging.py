"""Pages far from the beginning are read from the end: whatever lies before a page has to be passed over."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """What to read of the rows in order.

    Attributes:
        turned: whether they are to be counted from the last one.
    """

    offset: int
    limit: int
    turned: bool = False


def cut(offset: int, limit: int, total: int | None) -> Cut:
    """Return how to reach a page with the fewest rows before it.

    Args:
        offset: rows before the page.
        limit: rows of a page.
        total: how many rows there are, or None if nobody knows.
    """
    if total is None or not total // 2 < offset < total:
        return Cut(offset, limit)
    end = min(offset + limit, total)
    return Cut(total - end, end - offset, turned=True)
