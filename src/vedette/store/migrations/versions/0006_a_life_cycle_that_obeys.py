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
