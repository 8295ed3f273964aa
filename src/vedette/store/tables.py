"""The schema. Times are milliseconds since the epoch; JSON is text; secrets are sealed by the vault."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()
_Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself on INTEGER PRIMARY KEY alone

projects = Table(
    "projects",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("domain", "name"),
)

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("domain", "name"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("roles", Text, nullable=False),  # JSON list
)

tokens = Table(
    "tokens",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the token, hex
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),  # None: never
    Index("tokens_by_expiry", "expires_at"),
)

access_keys = Table(
    "access_keys",
    metadata,
    Column("access_key", String(128), primary_key=True),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

video_sources = Table(
    "video_sources",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("access_type", String(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("type_config", LargeBinary, nullable=False),  # sealed XML
    Column("latitude", String(32)),
    Column("longitude", String(32)),
    Column("tag", Text, nullable=False),  # JSON list
    Column("create_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "name"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("creator", String(255), nullable=False),
    Column("service_name", String(100), nullable=False),
    Column("document", LargeBinary, nullable=False),  # sealed JSON of model.task.TaskDocument
    Column("video_source_id", String(36)),
    Column("state", String(16), nullable=False),
    Column("status", Text, nullable=False),
    Column("warnings", Text, nullable=False),  # JSON list of sentences
    Column("error_code", String(36)),
    Column("error_message", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("activated", Integer),
    Column("next_due_at", BigInteger),
    Column("run_id", String(36)),
    Column("run_started_at", BigInteger),
    Column("stream_id", String(64)),
    Column("frames", BigInteger, nullable=False, default=0),
    Column("crashes", Integer, nullable=False, default=0),
    UniqueConstraint("project_id", "name"),
    Index("tasks_of_project", "project_id", "created_at"),
    Index("tasks_of_stream", "stream_id"),
    Index("tasks_by_state", "state"),
)
Index(
    "tasks_due",
    tasks.c.next_due_at,
    sqlite_where=tasks.c.next_due_at.is_not(None),
    postgresql_where=tasks.c.next_due_at.is_not(None),
)

task_moves = Table(
    "task_moves",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("before", String(16)),
    Column("after", String(16), nullable=False),
    Column("cause", Text, nullable=False),
    Column("actor", String(255), nullable=False),
    Index("moves_of_task", "task_id", "id"),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("node", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
)

streams = Table(
    "streams",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("epoch", Integer, nullable=False),  # grows with every assignment, and is never taken back
    Column("worker_id", String(64)),
    Index("streams_of_worker", "worker_id"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    Column("connection", Integer, nullable=False),
    Column("frame_index", BigInteger, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("state", LargeBinary),
    Column("seek", LargeBinary),
    Column("frames", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("checkpoints_of_task", "task_id"),
)

events = Table(
    "events",
    metadata,
    Column("seq", _Serial, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("project_id", String(64), nullable=False),
    Column("task_id", String(36), nullable=False),  # outlives its task
    Column("run_id", String(36), nullable=False),
    Column("event_type", BigInteger, nullable=False),
    Column("connection", Integer, nullable=False),
    Column("frame_index", BigInteger, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
    Column("message", Text, nullable=False),  # JSON, without the picture
    Column("picture", String(96)),  # key of store.blobs
    Column("listed", Integer, nullable=False),  # 1: the task has event_center
    Index("events_of_project", "project_id", "seq"),
    Index("events_of_task", "task_id", "seq"),
    Index("events_by_time", "stored_at"),
)

destinations = Table(
    "destinations",
    metadata,
    Column("id", String(36), primary_key=True),  # derived from task, kind and target
    Column("project_id", String(64), nullable=False),
    Column("task_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("target", LargeBinary, nullable=False),  # sealed JSON of the output value
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("event_id", ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("destination_id", ForeignKey("destinations.id"), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("task_id", String(36), nullable=False),
    Column("state", String(8), nullable=False),  # due, done, dead
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("last_error", Text),
    UniqueConstraint("event_id", "destination_id"),
    Index("outbox_of_task", "task_id", "state"),
    Index("outbox_of_event", "event_id"),
    Index("outbox_due", "destination_id", "state", "next_attempt_at"),  # one seek for each destination
)
Index(
    "outbox_dead",
    outbox.c.project_id,
    outbox.c.id,
    sqlite_where=outbox.c.state == "dead",
    postgresql_where=outbox.c.state == "dead",
)


def insert_new(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows, pass over those that are there already; return how many were new."""
    if not rows:
        return 0
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    new = 0
    for row in rows:  # one by one: the count of a batch is not to be had from every driver
        new += conn.execute(dialect.insert(table).values(row).on_conflict_do_nothing()).rowcount
    return new


def upsert(conn: Connection, table: Table, key: Sequence[str], row: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite the one with the same key."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    rest = {name: value for name, value in row.items() if name not in key}
    statement = dialect.insert(table).values(row).on_conflict_do_update(index_elements=list(key), set_=rest)
    conn.execute(statement)
