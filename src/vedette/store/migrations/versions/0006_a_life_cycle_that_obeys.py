"""Who is at the helm, what is frozen, who comes first, what a stream costs, and the way back from an upgrade."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("projects", sa.Column("frozen_at", sa.BigInteger(), nullable=True))
    op.add_column("projects", sa.Column("frozen_by", sa.String(length=255), nullable=True))
    op.add_column("projects", sa.Column("frozen_for", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("priority", sa.Integer(), server_default="2", nullable=False))
    op.add_column("tasks", sa.Column("former_version", sa.String(length=32), nullable=True))
    op.add_column("streams", sa.Column("crashes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("streams", sa.Column("cost", sa.Float(), nullable=True))
    op.add_column("workers", sa.Column("alone", sa.Integer(), server_default="0", nullable=False))
    waiting, parked = sa.text("state = 'PENDING' AND parked_for IS NULL"), sa.text("parked_for IS NOT NULL")
    op.drop_index("tasks_to_place", "tasks")
    op.create_index(
        "tasks_to_place",
        "tasks",
        ["state", "priority", "created_at", "id"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.drop_index("tasks_parked", "tasks")
    op.create_index(
        "tasks_parked",
        "tasks",
        ["parked_for", "priority", "created_at"],
        unique=False,
        sqlite_where=parked,
        postgresql_where=parked,
    )
    _index_what_is_frozen()
    _index("tasks_finished", "tasks", ["updated_at"], "state IN ('SUCCEEDED', 'FAILED') AND next_due_at IS NULL")


def _index_what_is_frozen() -> None:
    op.drop_index("tasks_of_order", "tasks")
    _index("tasks_of_order", "tasks", ["resource_order_id", "state"], "resource_order_id IS NOT NULL")
    frozen = ["frozen_by", "project_id", "state", "priority", "created_at"]
    _index("tasks_frozen", "tasks", frozen, "frozen_by IS NOT NULL")
    _index("projects_frozen", "projects", ["frozen_at"], "frozen_at IS NOT NULL")
    _index("projects_limited", "projects", ["task_quota"], "task_quota IS NOT NULL")


def _index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)
