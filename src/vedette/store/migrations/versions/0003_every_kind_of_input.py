"""Every kind of input: what was seen of sources, object stores, edge devices; and indexes that cover more lists.

Plain statements, no rebuilt tables: a rebuild would drop `tasks`, and every row that hangs on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _indexes()
    _source_looks()
    op.create_table(
        "object_stores",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("buckets", sa.Text(), nullable=False),
        sa.Column("config", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "name"),
    )
    op.create_table(
        "devices",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id"),
        sa.UniqueConstraint("project_id", "name"),
    )


def _indexes() -> None:
    op.drop_index("tasks_in_state", "tasks")
    columns = ["project_id", "state", "created_at", "id", "video_source_id"]
    op.create_index("tasks_in_state", "tasks", columns, unique=False)
    op.drop_index("tasks_of_batch", "tasks")
    op.create_index("tasks_of_batch", "tasks", ["batch_id", "state", "halted_by", "video_source_id"], unique=False)
    op.create_index("tasks_of_service", "tasks", ["project_id", "service_name", "updated_at", "id"], unique=False)


def _source_looks() -> None:
    op.create_table(
        "source_looks",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("level", sa.String(length=1), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), server_default="0", nullable=False),
        sa.Column("height", sa.Integer(), server_default="0", nullable=False),
        sa.Column("codec", sa.String(length=32), server_default="", nullable=False),
        sa.Column("fps", sa.Float(), server_default="0", nullable=False),
        sa.Column("quality", sa.Text(), server_default="[]", nullable=False),
        sa.Column("image_at", sa.BigInteger(), nullable=True),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id", "source_id"], ["video_sources.project_id", "video_sources.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "source_id"),
    )
    op.create_index("source_looks_due", "source_looks", ["due_at"], unique=False)
    op.create_index("source_looks_at_level", "source_looks", ["project_id", "level", "source_id"], unique=False)
    op.execute(
        "INSERT INTO source_looks (project_id, source_id, level, reason, since, due_at) "
        "SELECT project_id, id, '2', 'Nobody has looked at it yet.', create_at, 0 FROM video_sources"
    )
