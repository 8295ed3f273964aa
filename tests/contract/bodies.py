"""Bodies that are in order, to be changed in one place by a test; and how to change them."""

import copy
from typing import Any

REMOVE = object()

TASK: dict[str, Any] = {
    "name": "gate-1",
    "service_version": "3.0",
    "input": {"type": "url", "data": [{"url": "rtsp://camera.test:554/main", "index": 0}]},
    "output": {"event_center": True},
}
SCHEDULE: dict[str, Any] = {
    "type": "weekly",
    "timezone": "+08:00",
    "days_of_week": [1, 2],
    "periods": [[{"begin_at": "08:00:00", "end_at": "09:00:00"}]],
}
FULL: dict[str, Any] = TASK | {
    "description": "north gate",
    "schedule": SCHEDULE,
    "output": {
        "obs": {"bucket": "results-1", "path": "gate/one", "data_category": ["FaceImage"]},
        "dis": {"stream_name": "dis-1", "data_category": []},
        "webhook": {"url": "https://receiver.test/hook", "headers": {"X-Key": "k"}, "data_category": ["a"]},
        "event_center": True,
    },
    "config": {"common": {}},
    "is_saved_as_template": False,
    "resource_order_id": "029b34a69efd48769215e429deff0cec",
}
VCN_DEVICE = "21356478954612546874#gdhjkiushdgdksjhslmhscjsckjhdbnk"
INPUTS: dict[str, dict[str, Any]] = {
    "video_source": {"type": "video_source", "data": [{"video_source_id": "cam-0001"}]},
    "obs": {"type": "obs", "data": [{"bucket": "aicam", "path": "3rdpartylicenses.txt", "index": 0}]},
    "url": {"type": "url", "data": [{"url": "https://xxx-xxx.com", "index": 0}]},
    "restful": {
        "type": "restful",
        "data": [
            {
                "certificate_check": True,
                "url": "https://hsaij-dasahbi.com",
                "rtsp_path_in_response": "data/url",
                "index": 0,
                "headers": {"AAA": "AAA"},
            }
        ],
    },
    "edgecamera": {"type": "edgecamera", "data": [{"id": "007cdafc-6000-47ce-b0e3-870b4a0db65e", "index": 0}]},
    "vcn": {
        "type": "vcn",
        "data": [{"device_id": VCN_DEVICE, "stream_type": 1, "index": 0}],
        "vcn": {"ip": "10.1.2.3", "port": 18531, "username": "u", "password": "vcn-password-1"},
    },
}
SOURCE: dict[str, Any] = {
    "video_source_name": "camera 1",
    "access_type": "cloud",
    "type": "url",
    "type_config": "<type>URL</type><config><URL_ADDRESS>rtsp://10.0.0.7:554/main</URL_ADDRESS></config>",
}


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of the body with one place set (or removed): `input.data.0.url`."""
    result = copy.deepcopy(body)
    *way, last = path.split(".")
    place: Any = result
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if isinstance(place, list):
        place[int(last)] = value
    elif value is REMOVE:
        del place[last]
    else:
        place[last] = value
    return result


def with_input(kind: str) -> dict[str, Any]:
    """Return a task body with the documented example of an input."""
    return TASK | {"input": copy.deepcopy(INPUTS[kind])}
