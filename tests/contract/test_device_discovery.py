"""The search for cameras over HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import Request
from service import KEYS, Answer, Client, Service

from neighbours.onvif import OnvifCamera, Stream
from vedette.api.device_discovery import Searches
from vedette.model.errors import InvalidParameter
from vedette.model.guard import GuardPolicy

STREAMS = {"p-1": Stream("main", "rtsp://eve:hidden@127.0.0.1:8554/main", "H265", 1920, 1080)}


def discover(client: Client, **body: Any) -> Answer:
    return client.call("POST", f"/vedette/v1/{client.account.project_id}/devices/discover", {"seconds": 0.4} | body)


def test_a_camera_is_found_and_tells_its_profiles(client: Client) -> None:
    """With a login; no password of anybody comes back."""
    with OnvifCamera(STREAMS) as camera:
        answer = discover(client, address=f"127.0.0.1:{camera.probe_port}", username="ada", password="s3cret & more")
        url, endpoint = camera.url, camera.endpoint
    assert answer.status == 200, answer.text
    assert answer.json == {
        "count": 1, "refused": 0,
        "devices": [{
            "address": "127.0.0.1", "service": url, "announced": ["http://[fe80::1]/onvif/device_service", url],
            "endpoint": endpoint, "name": "Gate camera", "hardware": "VC-1", "location": "north",
            "profiles": [{
                "token": "p-1", "name": "main", "encoding": "H265", "width": 1920, "height": 1080,
                "url": "rtsp://******@127.0.0.1:8554/main",
            }],
        }],
    }  # fmt: skip


def test_without_a_login_nobody_is_asked(client: Client) -> None:
    """What answers a probe is told, and no more."""
    with OnvifCamera(STREAMS) as camera:
        answer = discover(client, address=f"127.0.0.1:{camera.probe_port}")
        assert camera.asked == []
    assert {"profiles", "error"}.isdisjoint(answer.json["devices"][0])


def test_a_device_service_is_asked_without_a_search(client: Client) -> None:
    """For cameras that no probe reaches; a wrong password stands in the entry."""
    with OnvifCamera(STREAMS) as camera:
        right = discover(client, address=camera.url, username="ada", password="s3cret & more")
        wrong = discover(client, address=camera.url, username="ada", password="guessed")
    assert right.json["devices"][0]["profiles"][0]["token"] == "p-1"
    assert wrong.json["devices"][0]["error"]["code"] == "VEDETTE.1003"
    assert "guessed" not in wrong.text


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"address": "169.254.169.254"}, "address"),
        ({"address": "ftp://127.0.0.1/"}, "address"),
        ({"address": "a b"}, "address"),
        ({"address": "http://ada:s3cret@127.0.0.1/onvif"}, "address"),
        ({"address": "127.0.0.1:99999"}, "address"),
        ({"address": "[::"}, "address"),
        ({"seconds": 11}, "seconds"),
        ({"seconds": 0}, "seconds"),
        ({"username": ""}, "username"),
        ({"password": "alone"}, "password"),
    ],
)
def test_what_may_not_be_searched_is_refused_by_name(client: Client, body: Any, param: str) -> None:
    """The guard's word is that of a bad parameter."""
    answer = discover(client, **body)
    assert set(answer.json) == KEYS
    assert (answer.status, answer.json["params"]) == (400, [param])


def test_there_is_one_search_at_a_time(service: Service, client: Client) -> None:
    """A search sends to everybody on the network: many of them would be a nuisance."""
    with OnvifCamera(STREAMS) as camera, ThreadPoolExecutor(4) as pool:
        body = {"address": f"127.0.0.1:{camera.probe_port}", "seconds": 0.6}
        clients = [service.client() for _ in range(4)]
        statuses = sorted(pool.map(lambda one: discover(one, **body).status, clients))
    assert statuses == [200, 503, 503, 503]


def test_a_viewer_searches_for_nothing(service: Service) -> None:
    """Whoever cannot add a camera need not know which there are."""
    assert discover(service.client(roles=("viewer",))).status == 403


async def test_a_hosted_service_searches_no_network() -> None:
    """Its tenants have no cameras beside its machine; what else is there is none of their business."""
    hosted = Searches(GuardPolicy.parse("hosted", []))

    async def ask(**body: Any) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json.dumps({"seconds": 0.1} | body).encode(), "more_body": False}

        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
        await hosted.discover(Request(scope, receive), None)  # type: ignore[arg-type]  # nobody asks who it is

    with pytest.raises(InvalidParameter, match="no network"):
        await ask()
    with pytest.raises(InvalidParameter, match="may not reach"):
        await ask(address="10.1.2.3")
