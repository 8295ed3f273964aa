"""A service that is written down, through the whole of Vedette: from a file in the folder to a message."""

from pathlib import Path

import jsonschema_rs
import pytest

from e2e.clips import crossings
from e2e.conftest import LINE
from e2e.service import running

NUMBER = 0x7F80_0010
FENCE = f"""
name = "fence"
services = {{ cloud = "x-fence-cloud" }}
title_en = "Fence"
title_cn = "围栏"
needs_no_classes = true
model = {{ role = "objects" }}
categories = [{{ name = "mover" }}]
keys = [{{ name = "fence_sw", type = "switch", title_en = "Watch", title_cn = "开关", default = true }}]
events = [{{ number = {NUMBER}, name = "fence", fields = ["bounding_box", "detection_id", "start_position", "end_position"] }}]
rules = [{{ rule = "cross", event = "fence", when = "fence_sw" }}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which an operator has put a service that can run, and a file that is none."""
    place = tmp_path_factory.mktemp("written")
    (place / "services").mkdir()
    (place / "services" / "fence.toml").write_text(FENCE)
    (place / "services" / "slip.toml").write_text(FENCE.replace("cross", "crosses"))
    return place


def test_a_service_in_the_folder_runs_and_a_slip_beside_it_is_told_in_the_log(folder: Path) -> None:
    """Its workers read the same folder; nothing else need be told to anybody."""
    clip = folder / "crossings.mp4"
    expected = crossings(clip, 12)
    with running(folder, file_roots=str(folder), workers="1") as service:
        config = {"common": {"target_roi": LINE, "fence_sw": "1"}}
        task = service.create_of("x-fence-cloud", "1.0", "fence", clip.as_uri(), config=config)
        off = service.create_of(
            "x-fence-cloud", "1.0", "off", clip.as_uri(), config={"common": {"target_roi": LINE, "fence_sw": 0}}
        )
        for one in (task, off):
            service.wait_for(one, "SUCCEEDED", seconds=60)
        told = [event["message"] for event in reversed(service.events(task))]  # newest first
        assert len(told) == expected
        schema = service.call("GET", f"/vedette/v1/{{p}}/message-schemas/{NUMBER}")
        for message in told:
            jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(message)
        sides = [
            (entry["start_position"], entry["end_position"])
            for message in told
            for entry in message["data"]["event_set"]
        ]
        assert sides == [("side1", "side2"), ("side2", "side1")]
        assert service.events(off) == []
        status, refusal = service.ask(
            "POST",
            "/v2/{p}/services/c-smoke-and-fire-cloud/tasks",
            {
                "name": "fire",
                "service_version": "3.0",
                "input": {"type": "url", "data": [{"url": clip.as_uri()}]},
                "output": {"event_center": True},
            },
        )
        assert (status, refusal["error_code"], refusal["params"]) == (400, "VIAS.00010002", ["service_name"])
        assert "services/slip.toml" in service.log()
        assert "rules[0].rule" in service.log()
