"""Every kind of output: numbered events with reviews and repeats, subscriptions, signing secrets, data streams.

Plain statements, no rebuilt tables: a rebuild would drop `tasks`, and every row that hangs on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("guard_allow", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("told", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("events", sa.Column("number", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("events", sa.Column("video_source_id", sa.String(length=36), nullable=True))
    op.add_column("events", sa.Column("review", sa.String(length=12), server_default="unreviewed", nullable=False))
    op.add_column("events", sa.Column("main_id", sa.String(length=36), nullable=True))
    op.add_column("events", sa.Column("repeats", sa.Integer(), server_default="0", nullable=False))
    op.add_column("events", sa.Column("repeat_key", sa.String(length=64), nullable=True))
    op.add_column("events", sa.Column("held", sa.Integer(), server_default="0", nullable=False))
    some = sa.text("repeat_key IS NOT NULL")
    op.create_index(
        "events_to_repeat",
        "events",
        ["repeat_key", "timestamp_ms"],
        unique=False,
        sqlite_where=some,
        postgresql_where=some,
    )
    op.create_index("events_of_source", "events", ["project_id", "video_source_id", "seq"], unique=False)
    op.create_index("events_that_repeat", "events", ["main_id", "seq"], unique=False)
    _event_center()
    _data_streams()
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_secrets_of_project", "webhook_secrets", ["project_id", "created_at"], unique=False)


def _event_center() -> None:
    op.create_table(
        "event_rules",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("manual_review", sa.Integer(), nullable=False),
        sa.Column("aggregate", sa.Integer(), nullable=False),
        sa.Column("window_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "name"),
    )


def _data_streams() -> None:
    op.create_table(
        "data_streams",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("partitions", sa.Integer(), nullable=False),
        sa.Column("stream_type", sa.String(length=16), nullable=False),
        sa.Column("data_type", sa.String(length=16), nullable=False),
        sa.Column("data_duration", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "name"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "data_partitions",
        sa.Column("stream_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("next_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["data_streams.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("stream_id", "number"),
    )
    op.create_table(
        "data_records",
        sa.Column("stream_id", sa.String(length=32), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("partition_key", sa.String(length=256), server_default="", nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["stream_id"], ["data_streams.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("stream_id", "partition", "sequence"),
        sa.UniqueConstraint("stream_id", "event_id"),
    )
    op.create_index("data_records_by_time", "data_records", ["stream_id", "partition", "at"], unique=False)
