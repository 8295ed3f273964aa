"""The configuration of a source: its two dialects, and what masked parts of it mean."""

from dataclasses import replace

import pytest

from vedette.model.errors import InvalidParameter
from vedette.model.source import AccessType, SourceKind, VideoSource
from vedette.schemas.masking import MASK, hide_in_xml
from vedette.schemas.type_config import leaves, opened, read, unmask


def stored(xml: str, kind: SourceKind = SourceKind.VIDEO_PLATFORM) -> VideoSource:
    return replace(VideoSource("s", "p", "n", AccessType.CLOUD, kind, xml, {}), leaves=read(xml))


@pytest.mark.parametrize(
    "xml",
    [
        "<c><URL>http://u:p@a.test/1</URL><PASSWORD>x &amp; y</PASSWORD></c>",
        "<c><url><![CDATA[http://u:p@a.test/1]]></url><Pass_Word/></c>",
        "<c><secret><value>x</value></secret><token>t</token></c>",
        "<c><!-- <PASSWORD>old</PASSWORD> --><PASSWORD>new</PASSWORD></c>",
    ],
)
def test_what_is_shown_can_be_sent_back_whole(xml: str) -> None:
    """Whatever the form: it is what the client was given."""
    assert unmask(f" {hide_in_xml(xml)}\n", stored(xml)) == xml


def test_a_secret_is_taken_from_the_leaf_of_its_name_in_any_case_and_wrapper() -> None:
    """The dialects differ in both."""
    known = stored("<type_config><ip>10.0.0.1</ip><user_name>u</user_name><password>a&lt;b</password></type_config>")
    sent = f"<config><IP>10.0.0.1</IP><USER_NAME>v</USER_NAME><PASSWORD> {MASK} </PASSWORD></config>"
    assert read(unmask(sent, known)) == {"IP": "10.0.0.1", "USER_NAME": "v", "PASSWORD": "a<b"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<HOST>a</HOST>", "<HOST>b</HOST>"),
        ("<URL>http://a.test/1</URL>", "<URL>http://b.test/1</URL>"),
        ("<URL>http://a.test/1</URL>", ""),
        ("", "<SERVER_IP>10.6.6.6</SERVER_IP>"),
        ("<URL>http://[a</URL>", "<URL>http://[b</URL>"),
    ],
)
def test_a_secret_stays_only_while_every_host_does(before: str, after: str) -> None:
    """A host that is new, gone or not to be read may be somebody else's."""
    known = stored(f"<c>{before}<PASSWORD>x</PASSWORD></c>")
    with pytest.raises(InvalidParameter) as told:
        unmask(f"<c>{after}<PASSWORD>{MASK}</PASSWORD></c>", known)
    assert told.value.param == "type_config"


@pytest.mark.parametrize("at", ["&#64;", "&#x40;", "&#064;"])
def test_a_host_in_disguise_gets_no_secret(at: str) -> None:
    """What the XML means counts: read as it is written, `good` would be the host, and is none."""
    known = stored("<c><URL_ADDRESS>rtsp://u:p@good/1</URL_ADDRESS></c>")
    with pytest.raises(InvalidParameter):
        unmask(f"<c><URL_ADDRESS>rtsp://{MASK}@good:5{at}evil/1</URL_ADDRESS></c>", known)


def test_references_in_an_address_are_kept_when_its_secret_is_filled_in() -> None:
    """An address with several parameters cannot be written without."""
    known = stored("<c><url>http://u:p&amp;q@a.test/?x=1&amp;y=2</url></c>")
    sent = f"<c><url>http://{MASK}@a.test/?x=1&amp;y=3</url></c>"
    assert unmask(sent, known) == "<c><url>http://u:p&amp;q@a.test/?x=1&amp;y=3</url></c>"


def test_a_secret_is_put_only_where_it_is_hidden_again() -> None:
    """The capital form of some letters is two others: the leaf would be read as PASSWORD, and be shown."""
    known = stored("<c><IP>10.0.0.1</IP><PASSWORD>x</PASSWORD></c>")
    sent = f"<c><IP>10.0.0.1</IP><pa\u00dfword>{MASK}</pa\u00dfword></c>"
    assert unmask(sent, known) == sent
    assert "PASSWORD" not in read(sent)


def test_a_secret_that_is_not_stored_cannot_stay() -> None:
    """There is nothing to stay."""
    with pytest.raises(InvalidParameter):
        unmask(f"<c><HOST>a</HOST><TOKEN>{MASK}</TOKEN></c>", stored("<c><HOST>a</HOST></c>"))


@pytest.mark.parametrize("kind", list(SourceKind))
def test_a_type_element_is_of_the_kind_of_the_source(kind: SourceKind) -> None:
    """In any case; url and RTSP_STREAM have one form."""
    rest = (
        "<URL_ADDRESS>rtsp://a.test/1</URL_ADDRESS><URL>http://a.test</URL><RTSP_URL>data</RTSP_URL><BUCKET>b</BUCKET>"
        "<PATH>p</PATH><EDGE_CAMERA_ID>c</EDGE_CAMERA_ID><IP>10.0.0.1</IP><PORT>1</PORT><USER_NAME>u</USER_NAME>"
        f"<PASSWORD>p</PASSWORD><DATA_SOURCE_ID>{'1' * 20}#{'a' * 32}</DATA_SOURCE_ID>"
    )
    fits = set()
    for named in SourceKind:
        try:
            leaves(kind, f"<type>{named.upper()}</type><config>{rest}</config>")
        except InvalidParameter:
            continue
        fits.add(named)
    addresses = {SourceKind.URL, SourceKind.RTSP_STREAM}
    assert fits == (addresses if kind in addresses else {kind})
    assert leaves(kind, f"<type>HIK</type><config>{rest}</config>")["TYPE"] == "HIK"


@pytest.mark.parametrize(
    ("kind", "leaf", "value"),
    [
        (SourceKind.VCN, "STREAM_TYPE", "4"),
        (SourceKind.CAMERA, "EDGE_CAMERA_ID", "a/b"),
        (SourceKind.VIDEO_PLATFORM, "PLATFORM_NAME", "p" * 101),
        (SourceKind.VIDEO_PLATFORM, "PASSWORD", MASK),
        (SourceKind.VIDEO_PLATFORM, "URL", f"http://{MASK}@a.test"),
    ],
)
def test_a_leaf_that_breaks_its_rule_is_refused(kind: SourceKind, leaf: str, value: str) -> None:
    """What is searched for must fit its column, and a mask is no secret."""
    rest = (
        f"<IP>10.0.0.1</IP><PORT>1</PORT><USER_NAME>u</USER_NAME><DATA_SOURCE_ID>{'1' * 20}#{'a' * 32}</DATA_SOURCE_ID>"
    )
    with pytest.raises(InvalidParameter):
        leaves(kind, f"<c>{rest}<PASSWORD>p</PASSWORD><{leaf}>{value}</{leaf}></c>")


def test_only_what_is_opened_says_that_something_else_is_opened() -> None:
    """A remark in the configuration breaks no stream; where the form is not documented, everything may matter."""
    found = {"URL_ADDRESS": "rtsp://a", "REMARK": "x", "TYPE": "URL"}
    assert opened(SourceKind.URL, found) == {"URL_ADDRESS": "rtsp://a"}
    assert opened(SourceKind.VIDEO_PLATFORM, found) == found
