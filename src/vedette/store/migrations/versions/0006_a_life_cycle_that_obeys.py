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
    _lay_rollouts()
    _index("tasks_given_way", "tasks", ["id"], "halted_by = 'priority'")
    ended = "state IN ('SUCCEEDED', 'FAILED') AND next_due_at IS NULL"
    _index("tasks_finished", "tasks", ["next_due_at", "updated_at"], ended)


def _lay_rollouts() -> None:
    op.create_table(
        "rollouts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("service_name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=True),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rollouts_of_project", "rollouts", ["project_id", "created_at", "id"], unique=False)
    _index("rollouts_open", "rollouts", ["project_id", "service_name"], "ended_at IS NULL")
    op.create_table(
        "rollout_steps",
        sa.Column("rollout_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollouts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rollout_id", "task_id"),
    )
    op.create_index("steps_by_outcome", "rollout_steps", ["rollout_id", "outcome", "position"], unique=False)
    op.create_index("steps_of_task", "rollout_steps", ["task_id"], unique=False)
    op.create_index("tasks_of_version", "tasks", ["project_id", "service_name", "service_version"], unique=False)


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
