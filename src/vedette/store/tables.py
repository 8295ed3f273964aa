"""The schema. Times are milliseconds since the epoch; JSON is text; secrets are sealed by the vault."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
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
    Column("description", Text, nullable=False, server_default=""),
    Column("enabled", Integer, nullable=False, server_default="1"),
    Column("task_quota", Integer),  # None: the setting's
    Column("source_quota", Integer),
    Column("group_quota", Integer),
    Column("task_count", Integer, nullable=False, server_default="0"),  # kept by store.quotas
    Column("source_count", Integer, nullable=False, server_default="0"),
    Column("group_count", Integer, nullable=False, server_default="0"),
    Column("guard_allow", Text),  # JSON list: what its webhooks may reach besides what the guard lets through
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
    Column("description", Text, nullable=False, server_default=""),
    Column("enabled", Integer, nullable=False, server_default="1"),
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
    Column("description", Text, nullable=False, server_default=""),
    Column("enabled", Integer, nullable=False, server_default="1"),
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
    Column("platform", String(255)),  # of its configuration: PLATFORM_NAME, else the server's IP
    Column("device_id", String(64)),  # of its configuration: EDGE_CAMERA_ID or DATA_SOURCE_ID
    UniqueConstraint("project_id", "name"),
)

video_groups = Table(
    "video_groups",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(20), nullable=False),
    Column("description", Text, nullable=False),
    Column("access_type", String(16), nullable=False),
    Column("create_at", BigInteger, nullable=False),
    Column("modify_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "name"),
)

group_members = Table(
    "group_members",
    metadata,
    Column("group_id", ForeignKey("video_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("project_id", String(64), primary_key=True),
    Column("source_id", String(36), primary_key=True),
    ForeignKeyConstraint(
        ["project_id", "source_id"], ["video_sources.project_id", "video_sources.id"], ondelete="CASCADE"
    ),
    Index("groups_of_source", "project_id", "source_id"),
)

source_looks = Table(  # what was seen of a source when somebody looked last
    "source_looks",
    metadata,
    Column("project_id", String(64), primary_key=True),
    Column("source_id", String(36), primary_key=True),
    Column("level", String(1), nullable=False),  # model.source.SourceLevel
    Column("reason", Text, nullable=False, server_default=""),  # why it is not online
    Column("since", BigInteger, nullable=False),  # how long it has been at this level
    Column("looked_at", BigInteger),  # None: nobody has looked yet
    Column("due_at", BigInteger, nullable=False),  # when it is to be looked at again, unless a task does all the time
    Column("width", Integer, nullable=False, server_default="0"),
    Column("height", Integer, nullable=False, server_default="0"),
    Column("codec", String(32), nullable=False, server_default=""),
    Column("fps", Float, nullable=False, server_default="0"),
    Column("quality", Text, nullable=False, server_default="[]"),  # JSON list of model.look.Fault
    Column("image_at", BigInteger),
    Column("image", LargeBinary),  # JPEG, small; last, for lists read past it
    ForeignKeyConstraint(
        ["project_id", "source_id"], ["video_sources.project_id", "video_sources.id"], ondelete="CASCADE"
    ),
    Index("source_looks_due", "due_at"),
    Index("source_looks_at_level", "project_id", "level", "source_id"),  # covers what lists filter and count by
)

object_stores = Table(  # where the buckets of a project are
    "object_stores",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # model.objects.StoreKind
    Column("buckets", Text, nullable=False),  # JSON list; empty: all that no other store names
    Column("config", LargeBinary, nullable=False),  # sealed model.objects.ObjectStore
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

devices = Table(  # end devices of edge nodes, such as cameras
    "devices",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("tags", Text, nullable=False),  # JSON object: name -> value
    Column("attributes", LargeBinary, nullable=False),  # sealed JSON object: name -> value
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "name"),
)

templates = Table(
    "templates",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("source_id", String(36)),  # None: saved from an input that is no registered source
    Column("name", String(128), nullable=False),
    Column("service_name", String(100), nullable=False),
    Column("config", Text, nullable=False),  # JSON of config.common
    Column("roi", Text),
    Column("create_at", BigInteger, nullable=False),
    Column("modify_at", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["project_id", "source_id"], ["video_sources.project_id", "video_sources.id"], ondelete="CASCADE"
    ),
    Index("templates_of_source", "project_id", "source_id"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("creator", String(255), nullable=False),
    Column("service_name", String(100), nullable=False),
    Column("expanded", Integer, nullable=False),  # store.batches: OPEN, EXPANDED, LEAVING
    Column("created_at", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),  # sealed, and last: with 10,000 entries it is 30 MB to read past
    UniqueConstraint("project_id", "name"),
    Index("batches_of_project", "project_id", "created_at"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("creator", String(255), nullable=False),
    Column("service_name", String(100), nullable=False),
    Column("service_version", String(32), nullable=False, server_default=""),
    Column("video_source_id", String(36)),
    Column("input_name", String(255)),  # what stands for the source's name where the input is none
    Column("batch_id", String(36)),
    Column("group_id", String(36)),  # the group a batch found the source in
    Column("template_id", String(36)),
    Column("resource_order_id", String(36)),
    Column("version", Integer, nullable=False, server_default="1"),  # grows with every change of the document
    Column("halted_by", String(16)),  # why it is STOPPED, if nobody asked for that: no_service
    Column("frozen_by", String(64)),  # what froze it, such as order:<id>
    Column("resume", Integer),  # frozen: 1 if it was to run before
    Column("parked_for", String(160)),  # PENDING: what it waits for, such as a stream that has no room; else NULL
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
    Column("told", BigInteger, nullable=False, server_default="0"),  # events stored so far: the last one's number
    Column("crashes", Integer, nullable=False, default=0),
    UniqueConstraint("project_id", "name"),
    Index(  # in order, with all that lists filter by: they read this index, and of the table only the page's rows
        "tasks_of_project",
        "project_id",
        "created_at",
        "id",
        "state",
        "service_name",
        "video_source_id",
        "batch_id",
        "group_id",
        "halted_by",
        "name",
        "input_name",
    ),
    Index("tasks_of_source", "project_id", "video_source_id", "state"),  # covers what a source's status is made of
    Index("tasks_in_state", "project_id", "state", "created_at", "id", "video_source_id"),
    Index("tasks_of_batch", "batch_id", "state", "halted_by", "video_source_id"),  # covers its counters and names
    Index("tasks_of_service", "project_id", "service_name", "updated_at", "id"),
    Index("tasks_of_stream", "stream_id"),
    Index("tasks_by_state", "state", "created_at"),
)
Index(
    "tasks_parked",
    tasks.c.parked_for,
    tasks.c.created_at,
    sqlite_where=tasks.c.parked_for.is_not(None),
    postgresql_where=tasks.c.parked_for.is_not(None),
)
Index(
    "tasks_of_group",
    tasks.c.group_id,
    tasks.c.batch_id,
    sqlite_where=tasks.c.group_id.is_not(None),
    postgresql_where=tasks.c.group_id.is_not(None),
)
Index(  # PENDING ones that nobody has looked at yet
    "tasks_to_place",
    tasks.c.state,
    tasks.c.created_at,
    tasks.c.id,
    sqlite_where=text("state = 'PENDING' AND parked_for IS NULL"),
    postgresql_where=text("state = 'PENDING' AND parked_for IS NULL"),
)
Index(
    "tasks_of_template",
    tasks.c.template_id,
    sqlite_where=tasks.c.template_id.is_not(None),
    postgresql_where=tasks.c.template_id.is_not(None),
)
Index(
    "tasks_of_order",
    tasks.c.resource_order_id,
    sqlite_where=tasks.c.resource_order_id.is_not(None),
    postgresql_where=tasks.c.resource_order_id.is_not(None),
)
Index(
    "tasks_due",
    tasks.c.next_due_at,
    sqlite_where=tasks.c.next_due_at.is_not(None),
    postgresql_where=tasks.c.next_due_at.is_not(None),
)

task_documents = Table(  # apart from the tasks, so that lists read short rows
    "task_documents",
    metadata,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("document", LargeBinary, nullable=False),  # sealed JSON of model.task.TaskDocument
)

deployments = Table(
    "deployments",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("alg_id", String(36), primary_key=True),
    Column("pool_id", String(64), nullable=False),
    Column("stream_count", Integer, nullable=False),
    Column("status", String(32), nullable=False),  # model.service.AlgStatus
    Column("settings", LargeBinary, nullable=False),  # sealed JSON: deploy_config and envs
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

resource_orders = Table(
    "resource_orders",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("service_name", String(100)),  # None: good for every service
    Column("stream_quota", Integer, nullable=False),
    Column("expires_at", BigInteger),  # None: never
    Column("created_at", BigInteger, nullable=False),
    Index("orders_by_expiry", "expires_at"),
)

service_terms = Table(
    "service_terms",
    metadata,
    Column("service_name", String(100), primary_key=True),
    Column("commercial", Integer, nullable=False),
)

edge_pools = Table(
    "edge_pools",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(32), nullable=False),
    Column("description", Text, nullable=False),
    Column("ief_service_instance_id", String(255)),
    Column("nodes", Text, nullable=False),  # JSON list
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "name"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),  # HMAC of method, path and body, hex
    Column("answer", Text),  # JSON of what the first request was answered with
    Column("created_at", BigInteger, nullable=False),
    Index("idempotency_by_age", "created_at"),
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
    Column("number", BigInteger, nullable=False, server_default="0"),  # of its task's events, from 1; 0: from before
    Column("video_source_id", String(36)),
    Column("review", String(12), nullable=False, server_default="unreviewed"),  # model.review.Review
    Column("main_id", String(36)),  # of the event that this one repeats
    Column("repeats", Integer, nullable=False, server_default="0"),  # how many events repeat this one
    Column("repeat_key", String(64)),  # of what may be repeated: what a repetition has in common with it
    Column("held", Integer, nullable=False, server_default="0"),  # 1: subscribers are told once it is approved
    Index("events_of_project", "project_id", "seq"),
    Index("events_of_source", "project_id", "video_source_id", "seq"),
    Index("events_that_repeat", "main_id", "seq"),
    Index("events_of_task", "task_id", "seq"),
    Index("events_by_time", "stored_at"),
)

Index(
    "events_to_repeat",
    events.c.repeat_key,
    events.c.timestamp_ms,
    sqlite_where=events.c.repeat_key.is_not(None),
    postgresql_where=events.c.repeat_key.is_not(None),
)

event_rules = Table(
    "event_rules",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("manual_review", Integer, nullable=False),  # 1: subscribers are told only what was approved
    Column("aggregate", Integer, nullable=False),  # 1: repeats are merged into a main event
    Column("window_s", Integer, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("sources", Text, nullable=False),  # JSON list of video source ids; empty: all
    Column("target", LargeBinary, nullable=False),  # sealed model.output.WebhookOutput
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False, server_default="0"),  # of the outbox rows that were swept away
    UniqueConstraint("project_id", "name"),
)

webhook_secrets = Table(  # with which calls are signed; two at a time while they change
    "webhook_secrets",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),  # None: until it is removed
    Index("webhook_secrets_of_project", "project_id", "created_at"),
)

data_streams = Table(  # durable streams of our own, in the words of DIS
    "data_streams",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("partitions", Integer, nullable=False),
    Column("stream_type", String(16), nullable=False),
    Column("data_type", String(16), nullable=False),
    Column("data_duration", Integer, nullable=False),  # hours
    Column("created_at", BigInteger, nullable=False),
)

data_partitions = Table(
    "data_partitions",
    metadata,
    Column("stream_id", ForeignKey("data_streams.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("next_sequence", BigInteger, nullable=False, server_default="0"),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
)

data_records = Table(
    "data_records",
    metadata,
    Column("stream_id", ForeignKey("data_streams.id", ondelete="CASCADE"), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("partition_key", String(256), nullable=False, server_default=""),
    Column("data", LargeBinary, nullable=False),
    Column("event_id", String(36)),  # of what we appended ourselves: a repeated delivery finds it
    UniqueConstraint("stream_id", "event_id"),
    Index("data_records_by_time", "stream_id", "partition", "at"),
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
