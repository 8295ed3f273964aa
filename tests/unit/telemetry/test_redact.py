"""What a log line may not give away."""

import pytest

from vedette.telemetry.redact import MASK, masked, redact, redact_event

SECRET = "hunter2-Zq9"


@pytest.mark.parametrize(
    "text",
    [
        f"cannot open rtsp://admin:{SECRET}@10.0.0.7:554/live",
        f"cannot open rtsp://{SECRET}@10.0.0.7/live",
        f"cannot open rtsp://admin:p@{SECRET}@10.0.0.7/live",
        f"cannot open rtsp://admin:pa/{SECRET}@10.0.0.7/live",
        f"postgresql+asyncpg://vedette:{SECRET}@db/vedette",
        f"GET https://cam/snap?user=a&password={SECRET}&size=2",
        f"GET https://bucket/clip.mp4?X-Amz-Signature={SECRET}&X-Amz-Date=1",
        f"X-Auth-Token: {SECRET}",
        f"x-subject-token={SECRET}",
        f"{{'X-Auth-Token': '{SECRET}'}}",
        f'{{"password": "{SECRET}", "user": "a"}}',
        f'{{"secret_key": "with \\" quote {SECRET}"}}',
        f'"{{\\"password\\": \\"{SECRET}\\"}}"',
        f"Authorization: Bearer {SECRET}",
        f"Authorization: Basic dXNlcjo {SECRET}",
        f"SDK-HMAC-SHA256 Access=AK1, SignedHeaders=host, Signature={SECRET}",
        f"WebhookOutput(url='http://r/', headers={{'a': '{SECRET}'}}, data_category=None)",
        f"VcnServer(ip='10.0.0.1', port=9900, username='u', password='{SECRET}')",
        f"api_key => {SECRET}",
        f"VEDETTE_BOOTSTRAP_PASSWORD={SECRET}",
        f"sk={SECRET}",
    ],
)
def test_a_secret_in_a_sentence_is_masked(text: str) -> None:
    """Messages of libraries quote addresses and headers; we cannot choose their words."""
    cleaned = redact(text)
    assert SECRET not in cleaned
    assert MASK in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "opened rtsp://10.0.0.7:554/live in 0.2 s",
        "opened http://host:8080/a@b.mp4",
        "opened http://[fe80::1]:80/x@y",
        "task 0123 moved from PENDING to STARTING",
        "the mask of risk: 12 tasks=3",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    """A log that masks everything helps nobody."""
    assert redact(text) == text


def test_the_host_of_an_address_stays_readable() -> None:
    """Who looks for a broken camera needs its address, not its password."""
    assert redact("rtsp://u:p@cam.lan:554/1") == f"rtsp://{MASK}@cam.lan:554/1"


def test_structures_are_masked_by_the_name_of_the_key() -> None:
    """Header values are the caller's secrets whatever the header is called."""
    record = {
        "event": "created",
        "X-Auth-Token": SECRET,
        "headers": {"a": SECRET, "b": SECRET},
        "task": {"output": {"webhook": {"url": f"http://u:{SECRET}@r/", "headers": {"appKey": SECRET}}}},
        "list": [f"password={SECRET}", 7, None, True],
        "password": None,
        "count": 3,
    }
    cleaned = masked(record)
    assert SECRET not in repr(cleaned)
    assert cleaned["headers"] == {"a": MASK, "b": MASK}
    assert cleaned["count"] == 3
    assert cleaned["password"] is None
    assert record["X-Auth-Token"] == SECRET, "the record itself is not touched"


def test_the_processor_masks_a_traceback() -> None:
    """A library's exception text is where most leaks happen."""
    cleaned = redact_event(None, "error", {"event": "x", "exception": f"Error: http://a:{SECRET}@h/"})
    assert SECRET not in repr(cleaned)


def test_a_hostile_text_takes_no_time() -> None:
    """Texts come from cameras and callers; a pattern that backtracks would stop the service."""
    for text in (
        "a://" + ":" * 20_000,
        '"password": "' + "\\" * 20_000,
        "token" * 4_000,
        "headers={" * 4_000,
        "a" * 50_000,
    ):
        redact(text)
