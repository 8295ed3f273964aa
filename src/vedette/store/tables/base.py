"""What all tables have in common."""

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData()
Serial = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself on INTEGER PRIMARY KEY alone."""
