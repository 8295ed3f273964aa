"""Events, what is told of them, and to whom."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from vedette.store.tables.base import Serial, metadata

events = Table(
    "events",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
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
    Column("clip", Text),  # JSON: model.clip.watched, of the task's input at the time; None: from before
    Column("listed", Integer, nullable=False),  # 1: the task has event_center
    Column("number", BigInteger, nullable=False, server_default="0"),  # of its task's events, from 1; 0: from before
    Column("video_source_id", String(36)),
    Column("review", String(12), nullable=False, server_default="unreviewed"),  # model.review.Review
    Column("main_id", String(36)),  # of the event that this one repeats
    Column("repeats", Integer, nullable=False, server_default="0"),  # how many events repeat this one
    Column("repeat_key", String(64)),  # of what may be repeated: what a repetition has in common with it
    Column("bytes", BigInteger, nullable=False, server_default="0"),  # of message and picture
    Column("held", Integer, nullable=False, server_default="0"),  # 1: subscribers are told once it is approved
    Index("events_of_project", "project_id", "seq"),
    Index("events_of_source", "project_id", "video_source_id", "seq"),
    Index("events_that_repeat", "main_id", "seq"),
    Index("events_of_task", "task_id", "seq"),
    Index("events_by_time", "stored_at"),
    Index("events_by_size", "seq", "bytes"),
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
    Column("id", Serial, primary_key=True, autoincrement=True),
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

delivery_attempts = Table(  # that failed; an attempt that succeeds ends its row of the outbox
    "delivery_attempts",
    metadata,
    Column("outbox_id", ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("number", Integer, nullable=False),  # counted from 1, anew after a dead letter was sent again
    Column("reason", Text, nullable=False),
)
