"""Which sink the settings choose for `dis` outputs."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from vedette.app.data_streams import data_stream_sink
from vedette.delivery.sinks.data_stream import DataStreamSink
from vedette.delivery.sinks.dis import DisSink
from vedette.model.errors import Misconfigured
from vedette.settings import Settings
from vedette.telemetry.metrics import Metrics

THERE = {
    "dis_url": "https://dis.example",
    "dis_project_id": "p",
    "dis_access_key": "AK",
    "dis_secret_key": SecretStr("SK"),
}


def chosen(folder: Path, **given: Any) -> Any:
    nothing: Any = None
    return data_stream_sink(Settings(data_dir=folder, **given), nothing, Metrics(process=False), nothing)


def test_a_fresh_install_has_data_streams_of_its_own(tmp_path: Path) -> None:
    assert isinstance(chosen(tmp_path), DataStreamSink)


def test_the_operator_may_choose_another_service(tmp_path: Path) -> None:
    assert isinstance(chosen(tmp_path, **THERE), DisSink)


@pytest.mark.parametrize("name", ["dis_project_id", "dis_access_key", "dis_secret_key"])
def test_half_a_choice_is_refused_at_the_start(tmp_path: Path, name: str) -> None:
    """Else every event would become a dead letter, one by one."""
    with pytest.raises(Misconfigured, match=f"VEDETTE_{name.upper()}"):
        chosen(tmp_path, **THERE | {name: None})
