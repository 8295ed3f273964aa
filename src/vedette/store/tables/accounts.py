"""Projects, people and keys."""

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

from vedette.store.tables.base import metadata

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
    Column("frozen_at", BigInteger),  # since when an operator has frozen it; else NULL
    Column("frozen_by", String(255)),  # who froze it, or thawed it last
    Column("frozen_for", Text),  # why, for those who work in it
    Column("guard_allow", Text),  # JSON list: what its webhooks may reach besides what the guard lets through
    UniqueConstraint("domain", "name"),
)
Index(
    "projects_frozen",
    projects.c.frozen_at,
    sqlite_where=projects.c.frozen_at.is_not(None),
    postgresql_where=projects.c.frozen_at.is_not(None),
)
Index(  # those with a limit of their own
    "projects_limited",
    projects.c.task_quota,
    sqlite_where=projects.c.task_quota.is_not(None),
    postgresql_where=projects.c.task_quota.is_not(None),
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
