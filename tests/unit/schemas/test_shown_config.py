"""What lists remember of a source's configuration."""

import pytest

from vedette.model.source import SourceKind
from vedette.schemas.source_info import shown_config

XML = (
    "<type>URL</type><config><URL_ADDRESS>rtsp://root:sesame@cam/1</URL_ADDRESS>"
    "<PASSWORD>sesame</PASSWORD><DATA_SOURCE_ID>c-1</DATA_SOURCE_ID></config>"
)
LEAVES = {"URL_ADDRESS": "rtsp://root:sesame@cam/1", "PASSWORD": "sesame", "DATA_SOURCE_ID": "c-1"}


@pytest.mark.parametrize("kind", SourceKind)
def test_nothing_that_is_remembered_is_secret(kind: SourceKind) -> None:
    """It stays in memory for as long as others do not push it out, and goes into every list."""
    shown = shown_config(kind, XML, LEAVES)
    assert "sesame" not in repr(shown)
    assert "cam/1" in shown.xml
    assert shown.device_id == "c-1"


def test_an_address_is_shown_where_it_is_opened_as_it_is() -> None:
    """Of the other kinds the address has to be asked for."""
    shown = {kind for kind in SourceKind if shown_config(kind, XML, LEAVES).stream_path == "rtsp://******@cam/1"}
    assert shown == {SourceKind.URL, SourceKind.RTSP_STREAM}
