"""The published patterns, tried with invented texts against the documents that use them."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from vedette.schemas import common
from vedette.schemas.common import Bucket, CallbackUrl, ObjectId, ObsPath, RtspPath, TaskName, Url
from vedette.schemas.masking import MASK, hide_in_xml, hide_userinfo

# as published, not as we wrote them: what they take, our documents take, but for the exceptions named in the tests
BUCKET = r"^[a-z0-9](?!.*[-.][-.].*)([a-z0-9-.]{1,61})[a-z0-9]$"
OBS_PATH = r'^(?![/.\s])(?!.*//.*)([^:*?"<>|\\]{0,1023})(?<![.\s])$'
URL = r"^(https?|rtsp|rtmp|ftp|file):\/\/[-A-Za-z0-9+&@*#/%?=~_|!:,.;]+[-A-Za-z0-9+&@*#/%=~_|]$"
RTSP_PATH = r"^([-A-Za-z0-9+&?=~_][-A-Za-z0-9+&/?=~_]+[-A-Za-z0-9+&/?=~_]|[A-Za-z]+)$"
TASK_NAME = r"^[\u4E00-\u9FA5a-zA-Z0-9_-]{1,100}$"
OBJECT_ID = r"^[a-z0-9-_]{4,36}$"


def takes(kind: Any, text: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(text, strict=True)
    except ValidationError:
        return False
    return True


def published(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern[1:-1], text) is not None


@pytest.mark.parametrize(
    ("kind", "pattern", "alphabet"),
    [
        (Bucket, BUCKET, "ab0.-_A"),
        (TaskName, TASK_NAME, "aZ0_- .\n\u4e00\u9fa5\u9fa6"),
        (ObjectId, OBJECT_ID, "a0-_A."),
    ],
)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_names_are_taken_exactly_as_published(kind: Any, pattern: str, alphabet: str, data: st.DataObject) -> None:
    """No stricter, no laxer, and no line end at the end."""
    text = data.draw(st.text(st.sampled_from(alphabet), max_size=70))
    assert takes(kind, text) == published(pattern, text)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('ab/. \t\\:*?"<>|\u4e2d'), max_size=20))
def test_bucket_paths_are_taken_as_published_but_never_empty(text: str) -> None:
    """The published pattern admits the empty text."""
    assert takes(ObsPath, text) == (published(OBS_PATH, text) and text != "")


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab1/?=-_.+ "), max_size=12))
def test_answer_paths_are_taken_as_published_but_without_empty_steps(text: str) -> None:
    """`data//url` leads nowhere."""
    full = "//" not in text and not text.endswith("/")
    assert takes(RtspPath, text) == (published(RTSP_PATH, text) and full)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["http", "https", "rtsp", "rtmp", "ftp", "file", "gopher", "HTTP", ""]),
    st.text(st.sampled_from("ab1/@:.?#%~|!,;=&-_+* $\n\u4e2d"), max_size=15),
)
def test_addresses_are_taken_as_published(scheme: str, rest: str) -> None:
    """Brackets apart, which are ours, the pattern decides."""
    text = f"{scheme}://{rest}"
    assert takes(Url, text) == published(URL, text)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_nothing_makes_a_rule_fail_otherwise_than_by_refusing(text: str) -> None:
    """A rule that raises something else is a 500."""
    for kind in (Url, CallbackUrl, ObsPath, RtspPath, Bucket, TaskName, common.Ipv4, common.Truth, common.Port):
        takes(kind, text)
    for address in (f"http://{text}", f"http://[{text}]/", f"http://a:{text}/b"):
        takes(CallbackUrl, address)


@pytest.mark.parametrize(
    "text",
    [
        "https://hsaij-dasahbi.com",
        "http://test",
        "rtsp://12.12.12.12:333",
        "rtsps://a.test/b",
        "http://[::1]:8080/a?b=c",
        "rtsp://user:pass@[fe80::1]/a",
    ],
)
def test_addresses_of_the_reference_are_taken(text: str) -> None:
    """Each was tried against the published pattern, or is one of our additions."""
    assert takes(Url, text)


@pytest.mark.parametrize("text", ["http://x", "http://a.test.", "http://[::1", "http://[zz::1]/", "http://[1.2.3.4]/a"])
def test_addresses_that_are_none_are_refused(text: str) -> None:
    """At least two characters, no dot at the end, and an IPv6 address in the brackets."""
    assert not takes(Url, text)


@pytest.mark.parametrize(
    ("value", "meant"),
    [(True, True), (1, True), ("1", True), ("true", True), ("TRUE", True), (False, False), (0, False), ("0", False), ("false", False)],
)  # fmt: skip
def test_the_event_center_switch_is_taken_in_each_documented_way(value: Any, meant: bool) -> None:
    """The page says: true or 1."""
    assert TypeAdapter(common.Truth).validate_python(value, strict=True) is meant


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://user:pass@host/a", f"rtsp://{MASK}@host/a"),
        ("rtsp://user@host/a", f"rtsp://{MASK}@host/a"),
        ("rtsp://user:p@ss@host:554/a", f"rtsp://{MASK}@host:554/a"),
        ("rtsp://user:p/ss@host/a", f"rtsp://{MASK}@host/a"),
        ("rtsp://[fe80::1]:554/a", "rtsp://[fe80::1]:554/a"),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
        ("http://host/a?mail=x@y", "http://host/a?mail=x@y"),
    ],
)
def test_what_stands_before_the_at_sign_is_hidden(text: str, shown: str) -> None:
    """Also where the password has characters that should have been escaped."""
    assert hide_userinfo(text) == shown


@pytest.mark.parametrize(
    "xml",
    [
        "<config><PASSWORD>{}</PASSWORD></config>",
        "<config><password>{}</password ></config>",
        '<config xmlns:a="b"><a:Password c="d">{}</a:Password></config>',
        "<config><PASSWORD><![CDATA[{}]]></PASSWORD></config>",
        "<config><PASSWORD>\n{}\n</PASSWORD></config>",
        "<config><URL_ADDRESS>rtsp://u:{}@h/a</URL_ADDRESS></config>",
        "<config><URL_ADDRESS>rtsp://u:{}&#64;h/a</URL_ADDRESS></config>",
        "<config><URL_ADDRESS>rtsp&#x3A;//u:{}@h/a?b&amp;c</URL_ADDRESS></config>",
    ],
)
def test_passwords_in_a_configuration_are_hidden(xml: str) -> None:
    """In either dialect, however they are written."""
    assert "s3cret" not in hide_in_xml(xml.format("s3cret"))


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 2**64, -(2**63) - 1, "a\x00", {"a\x00": 1}, [[2**64]]])
def test_a_free_value_that_cannot_be_given_back_is_refused(value: Any) -> None:
    """Else it would come back as something else, or not be stored at all."""
    with pytest.raises(ValueError, match="it holds"):
        common.storable(value)
