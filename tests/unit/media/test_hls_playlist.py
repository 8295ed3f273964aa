"""What playlists say, and what they may not."""

import random

import pytest

from vedette.media.hls.parse import parse
from vedette.media.hls.playlist import Key, Master, Media, Span
from vedette.media.hls.values import MAX_ENTRIES
from vedette.model.errors import SourceError, SourceInvalid, SourceUnsupported

BASE = "https://cdn.test/a/b/list.m3u8?sig=1"
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"


def media(text: str) -> Media:
    found = parse((HEAD + text).encode(), BASE)
    assert isinstance(found, Media)
    return found


def master(text: str) -> Master:
    found = parse(f"#EXTM3U\n{text}".encode(), BASE)
    assert isinstance(found, Master)
    return found


def test_segments_have_numbers_durations_and_whole_addresses() -> None:
    found = media(
        "#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:5.96,a, title\none.ts?x=1,2\n#EXTINF:6\n../two.ts\n"
        "#EXTINF:6,\nhttps://other.test/3.ts\n#EXTINF:2,\n/four.ts\n#EXT-X-ENDLIST\n"
    )
    assert [one.url for one in found.segments] == [
        "https://cdn.test/a/b/one.ts?x=1,2",
        "https://cdn.test/a/two.ts",
        "https://other.test/3.ts",
        "https://cdn.test/four.ts",
    ]
    assert [one.sequence for one in found.segments] == [7, 8, 9, 10]
    assert found.segments[0].seconds == 5.96
    assert (found.first, found.end, found.ended, found.event, found.target_s) == (7, 11, True, False, 6)


def test_a_playlist_may_have_a_byte_order_mark_and_lines_of_windows() -> None:
    text = "\ufeff" + (HEAD + "#EXTINF:1,\nx.ts\n").replace("\n", "\r\n")
    assert isinstance(found := parse(text.encode(), BASE), Media)
    assert found.segments[0].url.endswith("/x.ts")


def test_ranges_follow_one_another() -> None:
    """Without a first byte, a range begins behind the one before it of the same resource."""
    found = media(
        "#EXTINF:1,\n#EXT-X-BYTERANGE:10@5\nx.ts\n#EXTINF:1,\n#EXT-X-BYTERANGE:20\nx.ts\n#EXTINF:1,\nwhole.ts\n"
    )
    assert [one.span for one in found.segments] == [Span(5, 10), Span(15, 20), None]
    with pytest.raises(SourceInvalid, match="first byte"):
        media("#EXTINF:1,\n#EXT-X-BYTERANGE:20\nx.ts\n")


def test_a_key_holds_until_the_next_one() -> None:
    found = media(
        '#EXTINF:1,\n0.ts\n#EXT-X-KEY:METHOD=AES-128,URI="k?a=1,b",IV=0X1f\n#EXTINF:1,\n1.ts\n'
        '#EXT-X-MAP:URI="init.mp4",BYTERANGE="800@0"\n#EXTINF:1,\n2.ts\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\n3.ts\n'
    )
    key = Key("https://cdn.test/a/b/k?a=1,b", bytes(15) + b"\x1f")
    assert [one.key for one in found.segments] == [None, key, key, None]
    assert found.segments[1].map is None
    kept = found.segments[3].map
    assert kept is not None
    assert (kept.span, kept.key) == (Span(0, 800), key)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"', "SAMPLE-AES"),
        ('#EXT-X-KEY:METHOD=AES-128,URI="k",KEYFORMAT="com.apple.streamingkeydelivery"', "streamingkeydelivery"),
        ('#EXT-X-DEFINE:NAME="a",VALUE="b"', "EXT-X-DEFINE"),
    ],
)
def test_what_is_not_read_is_refused_by_name(tag: str, name: str) -> None:
    with pytest.raises(SourceUnsupported, match=name):
        media(f"{tag}\n#EXTINF:1,\nx.ts\n")


def test_gaps_and_discontinuities_belong_to_one_segment() -> None:
    found = media("#EXTINF:1,\n0.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\n1.ts\n#EXT-X-GAP\n#EXTINF:1,\n2.ts\n")
    assert [(one.breaks, one.gap) for one in found.segments] == [(False, False), (True, False), (False, True)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "#EXTM3U\n#EXTINF:1,\nx.ts\n",
        HEAD + "x.ts\n",
        HEAD + "#EXTINF:-1,\nx.ts\n",
        HEAD + "#EXTINF:nan,\nx.ts\n",
        HEAD + "#EXTINF:1e9,\nx.ts\n",
        HEAD + "#EXTINF:1,\nhttp://[::1/x.ts\n",
        HEAD + "#EXT-X-MEDIA-SEQUENCE:-5\n",
        HEAD + "#EXT-X-MEDIA-SEQUENCE:" + "9" * 5000 + "\n",
        HEAD + "#EXTINF:1,\nx.ts\n#EXT-X-MEDIA-SEQUENCE:5\n",
        HEAD + '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x' + "f" * 33 + "\n#EXTINF:1,\nx.ts\n",
        HEAD + "#EXT-X-KEY:METHOD=AES-128\n#EXTINF:1,\nx.ts\n",
        HEAD + '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXT-X-MAP:URI="m"\n#EXTINF:1,\nx.ts\n',
        HEAD + "#EXT-X-MAP:\n#EXTINF:1,\nx.ts\n",
        HEAD + "#EXTINF:1,\nx.ts\n" * (MAX_ENTRIES + 1),
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=x\nv.m3u8\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=ax5\nv.m3u8\n",
    ],
)
def test_what_breaks_the_rules_is_no_playlist(text: str) -> None:
    with pytest.raises(SourceInvalid):
        parse(text.encode(), BASE)


def test_bytes_that_are_no_text_are_no_playlist() -> None:
    with pytest.raises(SourceInvalid):
        parse(b"#EXTM3U\n\xff\xfe", BASE)


def test_the_best_rendition_has_pictures_and_fits() -> None:
    found = master(
        '#EXT-X-STREAM-INF:BANDWIDTH=300,CODECS="mp4a.40.2"\nsound.m3u8\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=100,RESOLUTION=640x360\nlow.m3u8\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=900,RESOLUTION=7680x4320,CODECS="hvc1"\nhuge.m3u8\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=200,CODECS="avc1.64001f,mp4a.40.2"\nunsized.m3u8\n'
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=999,URI=x\n"
    )
    names = [one.url.rpartition("/")[2] for one in found.best(1920 * 1080)]
    assert names == ["unsized.m3u8", "low.m3u8"]
    with pytest.raises(SourceInvalid, match="larger"):
        master("#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360\nlow.m3u8\n").best(100)
    with pytest.raises(SourceInvalid, match="no video"):
        master('#EXT-X-STREAM-INF:BANDWIDTH=3,CODECS="mp4a.40.2"\nsound.m3u8\n').best(100)


def test_addresses_are_in_no_repr() -> None:
    """They may be signed; a log shows reprs."""
    found = media('#EXT-X-MAP:URI="m?secret"\n#EXT-X-KEY:METHOD=AES-128,URI="k?secret"\n#EXTINF:1,\nx.ts?secret\n')
    assert "secret" not in repr(found)


def test_a_damaged_playlist_is_read_or_refused_and_nothing_else() -> None:
    """2,000 random changes: no other exception, and no hang."""
    dice = random.Random(5)
    text = bytearray(
        (
            HEAD + '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x12\n#EXT-X-MAP:URI="m",BYTERANGE="8@0"\n'
            "#EXTINF:1.5,\n#EXT-X-BYTERANGE:10@5\nx.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\ny.ts\n#EXT-X-ENDLIST\n"
        ).encode()
    )
    for _ in range(2000):
        damaged = bytearray(text)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            parse(bytes(damaged), BASE)
        except SourceError:
            continue
