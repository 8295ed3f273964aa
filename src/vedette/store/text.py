"""Fuzzy search: what a name contains, without regard to case, with no letter of the caller's taken for a pattern."""

from sqlalchemy import Column, ColumnElement, func


def holds(column: Column[str], part: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a text."""
    escaped = part.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.lower(column).like(f"%{escaped}%", escape="\\")
