"""Where video comes from and results go to: sources, groups, cameras, stores, parks."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from vedette.store.tables.base import metadata

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

brokers = Table(  # what streams of a project go to instead of its data streams
    "brokers",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # model.broker.BrokerKind
    Column("streams", Text, nullable=False),  # JSON list of stream names; empty: all that no other broker names
    Column("config", LargeBinary, nullable=False),  # sealed model.broker.Broker
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
