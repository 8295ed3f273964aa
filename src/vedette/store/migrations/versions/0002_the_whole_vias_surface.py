"""The whole VIAS surface: groups, batches, templates, deployments, orders, edge pools, quotas.

Plain statements, no rebuilt tables: a rebuild would drop `tasks`, and every row that hangs on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _new_tables()
    _new_columns()


def _new_tables() -> None:
    op.create_table(
        "service_terms",
        sa.Column("service_name", sa.String(length=100), nullable=False),
        sa.Column("commercial", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("service_name"),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("creator", sa.String(length=255), nullable=False),
        sa.Column("service_name", sa.String(length=100), nullable=False),
        sa.Column("expanded", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "name"),
    )
    op.create_index("batches_of_project", "batches", ["project_id", "created_at"], unique=False)

    op.create_table(
        "deployments",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("alg_id", sa.String(length=36), nullable=False),
        sa.Column("pool_id", sa.String(length=64), nullable=False),
        sa.Column("stream_count", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "alg_id"),
    )
    op.create_table(
        "edge_pools",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("ief_service_instance_id", sa.String(length=255), nullable=True),
        sa.Column("nodes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "name"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "key"),
    )
    op.create_index("idempotency_by_age", "idempotency_keys", ["created_at"], unique=False)

    op.create_table(
        "resource_orders",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("service_name", sa.String(length=100), nullable=True),
        sa.Column("stream_quota", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "id"),
    )
    op.create_index("orders_by_expiry", "resource_orders", ["expires_at"], unique=False)

    op.create_table(
        "video_groups",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("access_type", sa.String(length=16), nullable=False),
        sa.Column("create_at", sa.BigInteger(), nullable=False),
        sa.Column("modify_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "name"),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["video_groups.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["project_id", "source_id"], ["video_sources.project_id", "video_sources.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "project_id", "source_id"),
    )
    op.create_index("groups_of_source", "group_members", ["project_id", "source_id"], unique=False)

    op.create_table(
        "task_documents",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id"),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("service_name", sa.String(length=100), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("roi", sa.Text(), nullable=True),
        sa.Column("create_at", sa.BigInteger(), nullable=False),
        sa.Column("modify_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "source_id"], ["video_sources.project_id", "video_sources.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("templates_of_source", "templates", ["project_id", "source_id"], unique=False)


def _new_columns() -> None:
    op.add_column("access_keys", sa.Column("description", sa.Text(), server_default="", nullable=False))
    op.add_column("access_keys", sa.Column("enabled", sa.Integer(), server_default="1", nullable=False))

    op.add_column("projects", sa.Column("description", sa.Text(), server_default="", nullable=False))
    op.add_column("projects", sa.Column("enabled", sa.Integer(), server_default="1", nullable=False))
    op.add_column("projects", sa.Column("task_quota", sa.Integer(), nullable=True))
    op.add_column("projects", sa.Column("source_quota", sa.Integer(), nullable=True))
    op.add_column("projects", sa.Column("group_quota", sa.Integer(), nullable=True))
    op.add_column("projects", sa.Column("task_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("projects", sa.Column("source_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("projects", sa.Column("group_count", sa.Integer(), server_default="0", nullable=False))

    op.add_column("tasks", sa.Column("service_version", sa.String(length=32), server_default="", nullable=False))
    op.add_column("tasks", sa.Column("input_name", sa.String(length=255), nullable=True))
    op.add_column("tasks", sa.Column("batch_id", sa.String(length=36), nullable=True))
    op.add_column("tasks", sa.Column("group_id", sa.String(length=36), nullable=True))
    op.add_column("tasks", sa.Column("template_id", sa.String(length=36), nullable=True))
    op.add_column("tasks", sa.Column("resource_order_id", sa.String(length=36), nullable=True))
    op.add_column("tasks", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("tasks", sa.Column("halted_by", sa.String(length=16), nullable=True))
    op.add_column("tasks", sa.Column("frozen_by", sa.String(length=64), nullable=True))
    op.add_column("tasks", sa.Column("resume", sa.Integer(), nullable=True))
    op.add_column("tasks", sa.Column("parked_for", sa.String(length=160), nullable=True))
    op.drop_index("tasks_by_state", "tasks")
    op.create_index("tasks_by_state", "tasks", ["state", "created_at"], unique=False)
    op.drop_index("tasks_of_project", "tasks")
    op.create_index(
        "tasks_of_project",
        "tasks",
        [
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
        ],
        unique=False,
    )
    op.create_index(
        "tasks_of_template",
        "tasks",
        ["template_id"],
        unique=False,
        sqlite_where=sa.text("template_id IS NOT NULL"),
        postgresql_where=sa.text("template_id IS NOT NULL"),
    )
    op.create_index("tasks_in_state", "tasks", ["project_id", "state", "created_at", "id"], unique=False)
    op.create_index("tasks_of_batch", "tasks", ["batch_id", "state", "halted_by"], unique=False)
    op.create_index(
        "tasks_of_order",
        "tasks",
        ["resource_order_id"],
        unique=False,
        sqlite_where=sa.text("resource_order_id IS NOT NULL"),
        postgresql_where=sa.text("resource_order_id IS NOT NULL"),
    )
    op.create_index("tasks_of_source", "tasks", ["project_id", "video_source_id", "state"], unique=False)
    op.create_index(
        "tasks_of_group",
        "tasks",
        ["group_id", "batch_id"],
        unique=False,
        sqlite_where=sa.text("group_id IS NOT NULL"),
        postgresql_where=sa.text("group_id IS NOT NULL"),
    )
    op.create_index(
        "tasks_parked",
        "tasks",
        ["parked_for", "created_at"],
        unique=False,
        sqlite_where=sa.text("parked_for IS NOT NULL"),
        postgresql_where=sa.text("parked_for IS NOT NULL"),
    )
    op.create_index(
        "tasks_to_place",
        "tasks",
        ["state", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'PENDING' AND parked_for IS NULL"),
        postgresql_where=sa.text("state = 'PENDING' AND parked_for IS NULL"),
    )
    op.execute("INSERT INTO task_documents (task_id, document) SELECT id, document FROM tasks")
    op.drop_column("tasks", "document")

    op.add_column("users", sa.Column("description", sa.Text(), server_default="", nullable=False))
    op.add_column("users", sa.Column("enabled", sa.Integer(), server_default="1", nullable=False))

    op.add_column("video_sources", sa.Column("platform", sa.String(length=255), nullable=True))
    op.add_column("video_sources", sa.Column("device_id", sa.String(length=64), nullable=True))
    for counter, counted in (("task_count", "tasks"), ("source_count", "video_sources")):
        op.execute(
            f"UPDATE projects SET {counter} = (SELECT count(*) FROM {counted} WHERE {counted}.project_id = projects.id)"  # noqa: S608 - names of this file
        )
