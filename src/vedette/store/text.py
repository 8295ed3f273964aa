"""Fuzzy search: what a name contains, in any case of the letters A to Z, with none taken for a pattern of SQL.

Both databases fold the same letters, whatever the locale: that is also by far the quickest way.
"""

from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

BETWEEN: Final = "\n"
"""Stands between names or ids that a database joins into one text: none of them holds it."""
_FOLD: Final = str.maketrans(ascii_uppercase, ascii_lowercase)


class _Folded(FunctionElement[str]):
    """A column as LIKE is to see it."""

    inherit_cache = True
    type = String()


@compiles(_Folded, "postgresql")
def _lower(element: _Folded, compiler: SQLCompiler, **options: Any) -> str:
    return f'lower({compiler.process(element.clauses, **options)} COLLATE "C")'


@compiles(_Folded, "sqlite")
def _as_it_is(element: _Folded, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)  # LIKE folds them by itself there


def holds(column: Column[str], part: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a text."""
    escaped = part.translate(_FOLD).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return _Folded(column).like(f"%{escaped}%", escape="\\")
