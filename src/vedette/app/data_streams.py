"""Where the `dis` outputs go: brokers of the project, a DIS of the settings, or the service's own data streams."""

from collections.abc import Mapping

import aiohttp

from vedette.control.brokers import endpoint_of
from vedette.delivery.brokers.pool import Links
from vedette.delivery.brokers.sink import BrokerSink, KnownBrokers
from vedette.delivery.guard import Exempted
from vedette.delivery.sinks.base import Sink
from vedette.delivery.sinks.data_stream import DataStreamSink
from vedette.delivery.sinks.dis import DisEndpoint, DisSink
from vedette.delivery.terms import TermsOf
from vedette.model.broker import Broker
from vedette.model.errors import Misconfigured
from vedette.settings import Settings
from vedette.store import brokers
from vedette.store.db import Database
from vedette.store.vault import Vault
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


def routed(
    otherwise: Sink,
    db: Database,
    vault: Vault,
    links: Links,
    session: aiohttp.ClientSession,
    exempted: Exempted,
    terms: TermsOf,
    kinds: Mapping[int, str],
) -> Sink:
    """Return the sink that sends to the brokers of a project, and to `otherwise` what none of them has."""

    def dis(broker: Broker, allow: tuple[str, ...]) -> Sink:
        return DisSink(exempted.of(allow) if allow else session, endpoint_of(broker))

    known = KnownBrokers(lambda project_id: db.read(brokers.all_of, vault, project_id))
    return BrokerSink(known.of, terms, links, otherwise, dis, kinds)
