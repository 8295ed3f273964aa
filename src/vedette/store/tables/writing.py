"""Statements that both databases have, each in its own words."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows, pass over those that are there already; return how many were new."""
    statement = _insert_new(table, conn.dialect.name)
    # one by one: the count of a batch is not to be had from every driver
    return sum(conn.execute(statement, row).rowcount for row in rows)


@cache
def _insert_new(table: Table, database: str) -> Insert:
    dialect = postgresql if database == "postgresql" else sqlite
    statement: Insert = dialect.insert(table).on_conflict_do_nothing()
    return statement


def upsert(conn: Connection, table: Table, key: Sequence[str], row: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite the one with the same key."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    rest = {name: value for name, value in row.items() if name not in key}
    statement = dialect.insert(table).values(row).on_conflict_do_update(index_elements=list(key), set_=rest)
    conn.execute(statement)
