"""Where the `dis` outputs go: a DIS that the settings name, or the service's own data streams."""

import aiohttp

from vedette.delivery.sinks.base import Sink
from vedette.delivery.sinks.data_stream import DataStreamSink
from vedette.delivery.sinks.dis import DisEndpoint, DisSink
from vedette.model.errors import Misconfigured
from vedette.settings import Settings
from vedette.store.db import Database
from vedette.telemetry.metrics import Metrics


def data_stream_sink(settings: Settings, db: Database, metrics: Metrics, session: aiohttp.ClientSession) -> Sink:
    """Return the sink of `dis` outputs.

    Raises:
        Misconfigured: a DIS is named without its project or its key.
    """
    if settings.dis_url is None:
        trimmed = metrics.data_records_removed.labels("size").inc
        return DataStreamSink(db, max_bytes=settings.data_stream_max_bytes, trimmed=trimmed)
    if settings.dis_project_id is None or settings.dis_access_key is None or settings.dis_secret_key is None:
        raise Misconfigured(
            "VEDETTE_DIS_URL needs VEDETTE_DIS_PROJECT_ID, VEDETTE_DIS_ACCESS_KEY and VEDETTE_DIS_SECRET_KEY as well."
        )
    secret = settings.dis_secret_key.get_secret_value()
    return DisSink(session, DisEndpoint(settings.dis_url, settings.dis_project_id, settings.dis_access_key, secret))
