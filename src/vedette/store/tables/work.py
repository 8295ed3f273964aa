"""Tasks, what they wait for, and who is at work on them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from vedette.store.tables.base import Serial, metadata

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
    Column("halted_by", String(16)),  # why it is STOPPED, if nobody asked for that: no_service, priority
    Column("frozen_by", String(64)),  # what holds it frozen, such as order:<id>: see store.freezing
    Column("resume", Integer),  # frozen: what it comes back to, see model.freezing
    Column(
        "priority", Integer, nullable=False, server_default="2"
    ),  # 0 high, 1 middle, 2 low: the least is served first
    Column("former_version", String(32)),  # of the service, before the last upgrade: the way back
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
    Index("tasks_of_version", "project_id", "service_name", "service_version"),
    Index("tasks_of_stream", "stream_id"),
    Index("tasks_by_state", "state", "created_at"),
)
Index(
    "tasks_parked",
    tasks.c.parked_for,
    tasks.c.priority,
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
    tasks.c.priority,
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
    tasks.c.state,
    sqlite_where=tasks.c.resource_order_id.is_not(None),
    postgresql_where=tasks.c.resource_order_id.is_not(None),
)
Index(
    "tasks_due",
    tasks.c.next_due_at,
    sqlite_where=tasks.c.next_due_at.is_not(None),
    postgresql_where=tasks.c.next_due_at.is_not(None),
)

Index(
    "tasks_frozen",
    tasks.c.frozen_by,
    tasks.c.project_id,
    tasks.c.state,
    tasks.c.priority,
    tasks.c.created_at,
    sqlite_where=tasks.c.frozen_by.is_not(None),
    postgresql_where=tasks.c.frozen_by.is_not(None),
)
Index(  # those that ended for a more important one
    "tasks_given_way",
    tasks.c.id,
    sqlite_where=text("halted_by = 'priority'"),
    postgresql_where=text("halted_by = 'priority'"),
)
Index(  # ended, and no timetable starts them again; next_due_at, so that SQLite prefers it to that of the states
    "tasks_finished",
    tasks.c.next_due_at,
    tasks.c.updated_at,
    sqlite_where=text("state IN ('SUCCEEDED', 'FAILED') AND next_due_at IS NULL"),
    postgresql_where=text("state IN ('SUCCEEDED', 'FAILED') AND next_due_at IS NULL"),
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

task_moves = Table(
    "task_moves",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
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
    Column("alone", Integer, nullable=False, server_default="0"),  # 1: it has one stream, which has killed others
)

streams = Table(
    "streams",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("epoch", Integer, nullable=False),  # grows with every assignment, and is never taken back
    Column("worker_id", String(64)),
    Column("crashes", Integer, nullable=False, server_default="0"),  # workers that died with it, not long ago
    Column("cost", Float),  # cores, as its workers have measured it
    Index("streams_of_worker", "worker_id"),
)

rollouts = Table(  # a version of a service goes to tasks, one by one or several at once
    "rollouts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("service_name", String(100), nullable=False),
    Column("version", String(32)),  # None: each task goes back to its former one
    Column("at_once", Integer, nullable=False),
    Column("status", String(16), nullable=False),  # model.rollout.Status
    Column("reason", Text, nullable=False, server_default=""),
    Column("actor", String(255), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("rollouts_of_project", "project_id", "created_at", "id"),
)
Index(
    "rollouts_open",
    rollouts.c.project_id,
    rollouts.c.service_name,
    sqlite_where=rollouts.c.ended_at.is_(None),
    postgresql_where=rollouts.c.ended_at.is_(None),
)

rollout_steps = Table(  # one for each task that a rollout goes to
    "rollout_steps",
    metadata,
    Column("rollout_id", ForeignKey("rollouts.id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("before", String(32), nullable=False),
    Column("version", String(32), nullable=False),
    Column("outcome", String(16), nullable=False),  # model.rollout.Outcome
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", BigInteger),  # when it came to that
    Index("steps_by_outcome", "rollout_id", "outcome", "position"),
    Index("steps_of_task", "task_id"),
)

leases = Table(  # who acts, of several services on one database
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(255), nullable=False),
    Column("until", BigInteger, nullable=False),
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
