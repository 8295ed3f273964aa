"""Nothing is accepted and ignored: every query parameter and every body field of every operation makes a difference.

Each field of the service's own document has a row in the table: what is looked at, and two values that must look
different. A field without a row fails, and so does a row whose field is gone. What kind of difference it is stands
in the row (`fields_scene.Kind`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fields_batches
import fields_brokers
import fields_data_streams
import fields_devices
import fields_events
import fields_lists
import fields_login
import fields_objects
import fields_others
import fields_people
import fields_people_lists
import fields_rollouts
import fields_tasks
import fields_webhooks
import pytest
from fields_scene import Kind, Rows, Scene, fields, many_services
from fields_stage import Receiver
from service import Service, serving

from vedette.auth import passwords
from vedette.telemetry import logs

BODIES: Rows = (
    fields_tasks.rows()
    | fields_batches.rows()
    | fields_data_streams.rows()
    | fields_others.rows()
    | fields_login.rows()
    | fields_people.rows()
    | fields_devices.rows()
    | fields_events.rows()
    | fields_objects.rows()
    | fields_brokers.rows()
    | fields_webhooks.rows()
    | fields_rollouts.rows()
)
QUERIES: Rows = (
    fields_data_streams.queries()
    | fields_lists.rows()
    | fields_login.queries()
    | fields_people_lists.rows()
    | fields_rollouts.queries()
)
TABLE: Rows = BODIES | QUERIES


@contextmanager
def door(folder: Path) -> Iterator[Service]:
    """Open the door of an installation with more services than a page has."""
    logs.configure("error")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 8)  # what a hash costs is not the matter here
        with serving(folder, registry=many_services()) as running:
            yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A door behind which the loops are played, for one project after the other."""
    with door(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A door behind which nothing moves: lists of one project serve many rows."""
    with door(tmp_path_factory.mktemp("quiet")) as running:
        yield running


@pytest.fixture(scope="module")
def receiver(service: Service) -> Iterator[Receiver]:
    """Somebody who takes webhooks."""
    taking = Receiver()
    service.run(taking.open())
    yield taking
    service.run(taking.close())


def test_every_field_of_the_document_has_a_row_and_every_row_a_field(service: Service) -> None:
    """A field that nobody thought of would be accepted and ignored, and nobody would know."""
    documented = fields(service.client().call("GET", "/openapi.json").json)
    assert len(documented) > 500
    assert sorted(documented - TABLE.keys()) == [], "fields without a row"
    assert sorted(TABLE.keys() - documented) == [], "rows without a field"


def test_what_is_only_read_or_kept_is_little() -> None:
    """A row that shows what was sent proves least: such rows are for words that are for people, and for later releases."""
    labels = {name.rpartition(".")[2].rpartition(":")[2] for name, row in TABLE.items() if row.kind is Kind.LABEL}
    assert labels == {
        "name", "description", "video_source_name", "video_group_name", "latitude", "longitude", "index",
        "ief_service_instance_id", "edge_pool_id", "optional", "metadata", "reason", "type", "stream_type", "data_type",
    }  # fmt: skip
    unserved = {name.partition(":")[2].partition(".")[0] for name, row in TABLE.items() if row.kind is Kind.UNSERVED}
    assert unserved == {"output"}


@pytest.mark.parametrize("field", BODIES)
def test_what_is_sent_makes_a_difference(service: Service, receiver: Receiver, field: str) -> None:
    """Two values look different, and the same value looks the same in another project: else any noise would do."""
    differs(service, receiver, field)


@pytest.mark.parametrize("field", QUERIES)
def test_what_is_asked_makes_a_difference(quiet: Service, receiver: Receiver, field: str) -> None:
    """A filter lists others, a sort another order, a page another part."""
    differs(quiet, receiver, field)


def differs(service: Service, receiver: Receiver, field: str) -> None:
    row = TABLE[field]
    one, again, other = (
        row.look(Scene(service, receiver, service.client()), value) for value in (row.one, row.one, row.other)
    )
    assert one == again
    assert one != other
