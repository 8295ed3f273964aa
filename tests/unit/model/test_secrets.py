"""What a masked value means when it is sent back."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.model.errors import InvalidParameter
from vedette.model.output import TaskOutput, WebhookOutput
from vedette.model.secrets import MASK, hide_userinfo, shown_url, unmask, unmask_text
from vedette.model.source import InputDatum, InputType, TaskInput, VcnServer
from vedette.model.task import TaskDocument

WORDS = st.text("abcXYZ019-_.~%!$&'()*+,;=", min_size=1, max_size=12)


def _document(given_input: TaskInput | None = None, webhook: WebhookOutput | None = None) -> TaskDocument:
    source = given_input or TaskInput(InputType.URL, InputDatum(url="rtsp://u:pw@camera.test/main"))
    return TaskDocument("gate", "service", "3.0", source, TaskOutput(webhook=webhook, event_center=True))


def _url(url: str) -> TaskDocument:
    return _document(TaskInput(InputType.URL, InputDatum(url=url)))


def _hook(url: str, **headers: str) -> TaskDocument:
    return _document(webhook=WebhookOutput(url, headers))


def _vcn(ip: str, port: int, password: str) -> TaskDocument:
    return _document(TaskInput(InputType.VCN, InputDatum(device_id="1#2"), VcnServer(ip, port, "u", password)))


@pytest.mark.parametrize(
    ("new", "stored", "result"),
    [
        ("rtsp://******@camera.test/main", "rtsp://u:pw@camera.test/main", "rtsp://u:pw@camera.test/main"),
        ("rtsp://******@camera.test:8554/sub", "rtsp://u:pw@camera.test/main", "rtsp://u:pw@camera.test:8554/sub"),
        ("rtsp://******@CAMERA.test/main", "rtsp://u:pw@camera.test/main", "rtsp://u:pw@CAMERA.test/main"),
        ("rtsps://******@camera.test/main", "rtsp://u:pw@camera.test/main", "rtsps://u:pw@camera.test/main"),
        ("rtsp://******@camera.test/a", "rtsp://u:p/w@camera.test/a", "rtsp://u:p/w@camera.test/a"),
        ("rtsp://******@camera.test/a", "rtsp://u:p@w@camera.test/a", "rtsp://u:p@w@camera.test/a"),
        ("rtsp://******@[::1]:554/a", "rtsp://u:pw@[::1]/a", "rtsp://u:pw@[::1]:554/a"),
        ("rtsp://a:b@elsewhere.test/a", "rtsp://u:pw@camera.test/a", "rtsp://a:b@elsewhere.test/a"),
        ("rtsp://camera.test/a", "rtsp://u:pw@camera.test/a", "rtsp://camera.test/a"),
        (
            "http://relay.test/?of=rtsp://******@camera.test/a",
            "http://relay.test/?of=rtsp://u:pw@camera.test/a",
            "http://relay.test/?of=rtsp://u:pw@camera.test/a",
        ),
    ],
)
def test_a_masked_address_leaves_the_stored_user_and_password(new: str, stored: str, result: str) -> None:
    """Whoever changes a port or a path need not know the secret."""
    assert unmask(_url(new), _url(stored)).input.datum.url == result


@pytest.mark.parametrize(
    ("new", "stored"),
    [
        ("rtsp://******@elsewhere.test/main", "rtsp://u:pw@camera.test/main"),
        ("rtsp://******@camera.test.elsewhere.test/main", "rtsp://u:pw@camera.test/main"),
        ("rtsp://******@elsewhere.test@camera.test/main", "rtsp://u:pw@camera.test/main"),
        ("rtsp://******@elsewhere.test/@camera.test/main", "rtsp://u:pw@camera.test/main"),
        ("rtsp://******@elsewhere.test#@camera.test/main", "rtsp://u:pw@camera.test/main"),
        ("rtsp://u:******@camera.test/main", "rtsp://u:pw@camera.test/main"),
        ("rtsp://******:******@camera.test/main", "rtsp://u:pw@camera.test/main"),
        ("rtsp://******@camera.test/main", "rtsps://u:pw@camera.test/main"),
        ("rtsp://******@camera.test/main", "rtsp://camera.test/main"),
        ("http://mine.test/?of=rtsp://******@camera.test/a", "http://relay.test/?of=rtsp://u:pw@camera.test/a"),
        ("http://relay.test/?of=rtsp://******@mine.test/a", "http://relay.test/?of=rtsp://u:pw@camera.test/a"),
    ],
)
def test_a_masked_address_to_another_place_is_refused(new: str, stored: str) -> None:
    """Else anybody who may change a task could have its secrets sent to themselves."""
    with pytest.raises(InvalidParameter) as refused:
        unmask(_url(new), _url(stored))
    assert refused.value.param == "url"
    assert "pw" not in refused.value.message


def test_masked_header_values_leave_the_stored_ones() -> None:
    """Names are compared as HTTP does; a header that is not sent is gone."""
    stored = _hook("https://receiver.test/hook", **{"X-Key": "k1", "X-Other": "k2"})
    sent = _hook("https://receiver.test:8443/new", **{"x-key": MASK, "Fresh": "f"})
    hook = unmask(sent, stored).output.webhook
    assert hook
    assert hook.headers == {"x-key": "k1", "Fresh": "f"}


@pytest.mark.parametrize(
    "sent",
    [
        _hook("https://elsewhere.test/hook", **{"X-Key": MASK}),
        _hook("http://receiver.test/hook", **{"X-Key": MASK}),
        _hook("https://receiver.test/hook", **{"X-Never-Stored": MASK}),
    ],
)
def test_masked_header_values_go_nowhere_else(sent: TaskDocument) -> None:
    """Neither to another host, nor in clear where they went over TLS; and there must be some."""
    with pytest.raises(InvalidParameter) as refused:
        unmask(sent, _hook("https://receiver.test/hook", **{"X-Key": "k1"}))
    assert refused.value.param == "headers"


def test_a_masked_password_leaves_the_stored_one_of_the_same_server() -> None:
    """The port of a VCN server may change, its address not."""
    stored = _vcn("10.0.0.1", 18531, "pw")
    kept = unmask(_vcn("10.0.0.1", 443, MASK), stored).input.vcn
    assert kept
    assert kept.password == "pw"
    with pytest.raises(InvalidParameter):
        unmask(_vcn("10.0.0.2", 18531, MASK), stored)


@pytest.mark.parametrize(
    "new", [_url("rtsp://******@camera.test/a"), _hook("http://a.test/", a=MASK), _vcn("10.0.0.1", 1, MASK)]
)
def test_a_new_task_holds_nothing_masked(new: TaskDocument) -> None:
    """The mask is no secret: stored, it would only look like one."""
    with pytest.raises(InvalidParameter):
        unmask(new, None)


def test_a_mask_is_not_filled_from_an_input_of_another_kind() -> None:
    """The address of a camera and the one of a service that tells addresses have nothing in common."""
    other = TaskInput(InputType.RESTFUL, InputDatum(url="rtsp://******@camera.test/main", rtsp_path_in_response="a"))
    with pytest.raises(InvalidParameter):
        unmask(_document(other), _document())


@settings(max_examples=200)
@given(user=WORDS, password=WORDS, host=st.sampled_from(["camera.test", "10.0.0.1", "[::1]"]), path=WORDS)
def test_what_is_shown_can_be_sent_back(user: str, password: str, host: str, path: str) -> None:
    """Hiding and taking back are one another's inverse, whatever the password is made of."""
    address = f"rtsp://{user}:{password}@{host}:554/{path}"
    assert unmask_text(hide_userinfo(address), address) == address
    assert hide_userinfo(address).partition("@")[0] == f"rtsp://{MASK}"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("http://u:p|q@camera.test/a|b?c=%zz%41", "http://******@camera.test/a%7Cb?c=%25zz%41"),
        ("http://camera.test/a#b#c#d", "http://camera.test/a#b%23c%23d"),
        ("rtsp://camera.test:554/100%", "rtsp://camera.test:554/100%25"),
        ("http://camera.test/a%20b?c=d/e;f,g:h!i~j*k#l?m", "http://camera.test/a%20b?c=d/e;f,g:h!i~j*k#l?m"),
    ],
)
def test_a_url_is_shown_as_a_legal_one_that_stands_for_the_stored(stored: str, shown: str) -> None:
    """Java's typed client decodes no other, and sends it back with every update."""
    assert shown_url(stored) == shown
    assert unmask_text(shown, stored) == stored


@settings(max_examples=100)
@given(sent=st.text("abc:/@?#*.[]", max_size=20), stored=WORDS)
def test_a_stored_secret_never_leaves_for_another_host(sent: str, stored: str) -> None:
    """Whatever the address looks like: either it is refused, or the secret goes where it went before."""
    address = f"rtsp://u:5ecret{stored}@camera.test/a"
    try:
        made = unmask_text(f"rtsp://{MASK}@{sent}", address)
    except InvalidParameter:
        return
    assert made.startswith(f"rtsp://u:5ecret{stored}@camera.test")


def test_what_is_not_masked_is_left_alone() -> None:
    """Nothing else of a document is touched."""
    document = replace(_hook("https://receiver.test/hook", a="b"), description="d", config={"a": MASK})
    assert unmask(document, None) == document
