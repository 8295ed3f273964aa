"""The version of the schema: is it current, and bring it there."""

from importlib import resources

from sqlalchemy import Connection, inspect, text

HEAD = "0006"
"""The newest revision in `migrations/versions`; a test holds the two together."""
LOCK = 0x7665_6465_7474_65
"""Who holds this lock of PostgreSQL brings the schema up to date."""


def version(conn: Connection) -> str | None:
    """Return the revision of the database, or None for an empty one."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(conn: Connection) -> bool:
    """Bring the database to the newest revision; return whether anything had to be done."""
    if version(conn) == HEAD:
        return False
    if conn.dialect.name == "postgresql":  # several services may start at once: one does it, the others find it done
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        if version(conn) == HEAD:
            return False
    from alembic import command  # noqa: PLC0415 - 15 MB that a service with a current schema need not carry
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(resources.files("vedette.store") / "migrations"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    return True
