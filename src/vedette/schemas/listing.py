"""What the queries of lists share: values that may be repeated or joined by commas, and pages."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from vedette.schemas.common import Rule, Truth, Wire, one_of

ORDER: Final = ("desc", "asc")


def listed(values: Sequence[str]) -> Rule:
    """Return the rule of a list whose entries are some of these words, in any case; an empty one is none."""
    known = {value.lower(): value for value in values}

    def check(entry: str) -> str:
        if entry.lower() not in known:
            raise ValueError(f"it must be one of {', '.join(values)}")
        return known[entry.lower()]

    return _list_of(check, "|".join(_any_case(value) for value in values))


def listed_as(pattern: str) -> Rule:
    """Return the rule of a list whose entries have a form; an empty one is none."""

    def check(entry: str) -> str:
        if re.fullmatch(pattern, entry) is None:
            raise ValueError(f"it does not have the form ^{pattern}$")
        return entry

    return _list_of(check, pattern)


def _list_of(check: Callable[[str], str], form: str) -> Rule:
    def split(given: Sequence[str]) -> list[str]:
        return [check(entry) for text in given for entry in text.split(",") if entry]

    return Rule(split, {"items": {"type": "string", "pattern": f"^(?:{form})?(?:,(?:{form})?)*$"}})


def _any_case(word: str) -> str:
    return "".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else re.escape(c) for c in word)


class ListQuery(Wire):
    """What every list takes."""

    model_config = ConfigDict(strict=False)

    is_paged: Truth = False
    """Whether only one page is wanted; otherwise all that match are listed."""
    order_by: Annotated[str, one_of(ORDER)] = "desc"
    """Direction of the order: `desc` or `asc`."""

    @property
    def descending(self) -> bool:
        """Whether the order is downwards."""
        return self.order_by == "desc"


class PagedQuery(ListQuery):
    """What the lists of video sources and groups take."""

    page_size: Annotated[int, Field(ge=5, le=200)] = 10
    """Entries on a page."""
    page_num: Annotated[int, Field(ge=1, le=100_000)] = 1
    """Number of the page."""

    @property
    def page(self) -> slice | None:
        """The part that is wanted; None for all."""
        return slice((self.page_num - 1) * self.page_size, self.page_num * self.page_size) if self.is_paged else None
