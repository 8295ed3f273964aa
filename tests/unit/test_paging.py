"""How a page is reached."""

from vedette.store.paging import Cut, cut


def test_a_page_is_read_from_the_nearer_end() -> None:
    """What lies before it has to be passed over."""
    assert cut(0, 10, 100) == Cut(0, 10)
    assert cut(50, 10, 100) == Cut(50, 10)
    assert cut(80, 10, 100) == Cut(10, 10, turned=True)
    assert cut(95, 10, 100) == Cut(0, 5, turned=True)


def test_nobody_counts_from_an_end_that_is_not_known() -> None:
    """Nor from one that lies before the page."""
    assert cut(80, 10, None) == Cut(80, 10)
    assert cut(100, 10, 100) == Cut(100, 10)
    assert cut(1, 10, 0) == Cut(1, 10)
