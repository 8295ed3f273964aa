"""What /metrics tells."""

from vedette.telemetry.metrics import Metrics

ALLOWED_LABELS = {"method", "route", "status", "state", "reason", "kind", "outcome", "le"}


def test_two_services_in_one_process_do_not_share_counters() -> None:
    """A registry of its own: tests and embedded services must not add up."""
    one, two = Metrics(process=False), Metrics(process=False)
    one.events_stored.inc(3)
    assert b"vedette_events_stored_total 3.0" in one.render()
    assert b"vedette_events_stored_total 0.0" in two.render()


def test_no_label_can_hold_what_a_caller_wrote() -> None:
    """Ids, names and addresses as labels would leak, and would grow without bound."""
    metrics = Metrics(process=False)
    for metric in vars(metrics).values():
        assert set(getattr(metric, "_labelnames", ())) <= ALLOWED_LABELS


def test_every_metric_is_described() -> None:
    """The docstring is the reference: whoever adds a metric says what it means."""
    for name in vars(Metrics(process=False)):
        if name != "registry":
            assert f"        {name}:" in (Metrics.__doc__ or ""), name


def test_the_process_tells_its_memory() -> None:
    """Operators watch it, and the idle footprint is a promise."""
    assert b"process_resident_memory_bytes" in Metrics().render()
