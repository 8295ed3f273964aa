"""The published Python SDK of the older sibling drives its seven operations, with a key and with a token.

Its modules are imported by the tests and not above: importing them writes into the home folder.
"""

import importlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from service import CLOUD, Client, Service

TIMING = {"type": "weekly", "timezone": "+08:00", "days_of_week": [6, 7]}
WINDOW = {"begin_at": "08:00:00", "end_at": "20:00:00"}


@pytest.fixture(scope="module")
def sdk(home: Any) -> Any:
    return importlib.import_module("huaweicloudsdkvas.v2")


@pytest.fixture(scope="module")
def exceptions(home: Any) -> Any:
    return importlib.import_module("huaweicloudsdkcore.exceptions.exceptions")


def _built(kind: Any, client: Client, *, token: bool) -> Any:
    credentials = importlib.import_module("huaweicloudsdkcore.auth.credentials").BasicCredentials
    account = client.account
    key = ("nobody", "nothing") if token else (account.access_key, account.secret_key)
    built = (
        kind.new_builder().with_credentials(credentials(*key, account.project_id)).with_endpoint(client.base).build()
    )
    if token:  # the SDK signs as well, with the key of nobody
        built.preset_headers = {"X-Auth-Token": account.token}
    return built


class Waited:
    """The asynchronous client, each of its calls waited for."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        return lambda request: getattr(self._client, f"{name}_async")(request).result()


@pytest.fixture(params=["key", "token", "key-asynchronous", "token-asynchronous"])
def vas(request: Any, sdk: Any, client: Client) -> Any:
    """A client of the SDK in a project of its own."""
    token = request.param.startswith("token")
    if request.param.endswith("asynchronous"):
        return Waited(_built(sdk.VasAsyncClient, client, token=token))
    return _built(sdk.VasClient, client, token=token)


def body(sdk: Any, name: str = "sdk-gate", **further: Any) -> Any:
    return sdk.CreateTasksRequestBody(
        name=name,
        description="made by the SDK",
        service_version="3.0",
        input=sdk.TaskInput(type="url", data=[sdk.TaskInputData(url="rtsp://camera.test:554/main")]),
        output=sdk.TaskOutput(
            webhook=sdk.TaskOutputWebhook(url="https://receiver.test/hook", headers={"X-Key": "k"}),
            hosting=sdk.TaskOutputHosting(data_category=["FaceImage"]),
        ),
        service_config=sdk.TaskServiceConfig(common={"image_compression_ratio": 80}),
        **further,
    )


def created(sdk: Any, vas: Any, **given: Any) -> str:
    answer = vas.create_tasks(sdk.CreateTasksRequest(service_name=CLOUD, body=body(sdk, **given)))
    assert answer.status_code == 201
    return str(answer.body[0].id)


def test_create_and_show(sdk: Any, vas: Any) -> None:
    """Every field the SDK has a name for is read back from the answer, times as times."""
    timing = sdk.TaskTiming(**TIMING, periods=[sdk.TaskTimingPeriods(**WINDOW)])
    task_id = created(sdk, vas, timing=timing, edge_pool_id="0" * 32)
    shown = vas.show_task(sdk.ShowTaskRequest(service_name=CLOUD, task_id=task_id))
    assert (shown.id, shown.name, shown.state) == (task_id, "sdk-gate", "PENDING")
    assert (shown.service_name, shown.service_version, shown.edge_pool_id) == (CLOUD, "3.0", "0" * 32)
    assert shown.service_title.en
    assert shown.service_title.zh
    assert isinstance(shown.created_at, datetime)
    assert isinstance(shown.updated_at, datetime)
    assert (shown.timing.to_dict() | {"periods": None})["days_of_week"] == [6, 7]
    assert [window.begin_at for window in shown.timing.periods] == ["08:00:00"]
    assert shown.timing_status == "ACTIVATED"
    assert shown.input.data[0].url == "rtsp://camera.test:554/main"
    assert shown.output.webhook.headers == {"X-Key": "******"}
    assert shown.output.hosting.data_category == ["FaceImage"]
    assert shown.service_config.common == {"image_compression_ratio": 80}
    assert shown.hosting_result.status == "NOT_GENERATED"


def test_list(sdk: Any, vas: Any) -> None:
    """With every parameter of the list at once."""
    task_id = created(sdk, vas, name="one")
    created(sdk, vas, name="two")
    whole = vas.list_tasks_details(sdk.ListTasksDetailsRequest(service_name=CLOUD))
    assert (whole.count, {task.name for task in whole.tasks}) == (2, {"one", "two"})
    one = vas.list_tasks_details(
        sdk.ListTasksDetailsRequest(
            service_name=CLOUD,
            service_version="3.0",
            state="PENDING",
            name_like="ONE",
            id_like=task_id[3:9],
            created_since=0,
            created_until=2**52,
            order="updated_at:ASC",
            offset=0,
            limit=10,
        )
    )
    assert (one.count, [task.id for task in one.tasks]) == (1, [task_id])


def test_update(sdk: Any, vas: Any) -> None:
    """One field changes, the others stay, and the answer is the task as it is now."""
    task_id = created(sdk, vas)
    wanted = sdk.UpdateTaskRequestBody(description="changed")
    answer = vas.update_task(sdk.UpdateTaskRequest(service_name=CLOUD, task_id=task_id, body=wanted))
    assert (answer.status_code, answer.description, answer.name) == (200, "changed", "sdk-gate")
    assert answer.service_config.common == {"image_compression_ratio": 80}


def test_start_stop_and_delete(sdk: Any, vas: Any, exceptions: Any) -> None:
    """What is at work can be told to stop, what is being stopped cannot be told to start."""
    task_id = created(sdk, vas)
    assert vas.start_task(sdk.StartTaskRequest(service_name=CLOUD, task_id=task_id)).status_code == 202
    assert vas.stop_task(sdk.StopTaskRequest(service_name=CLOUD, task_id=task_id)).status_code == 202
    assert vas.show_task(sdk.ShowTaskRequest(service_name=CLOUD, task_id=task_id)).state == "STOPPING"
    with pytest.raises(exceptions.ClientRequestException) as refusal:
        vas.start_task(sdk.StartTaskRequest(service_name=CLOUD, task_id=task_id))
    assert (refusal.value.status_code, refusal.value.error_code) == (403, "IVA.0009")
    assert vas.delete_task(sdk.DeleteTaskRequest(service_name=CLOUD, task_id=task_id)).status_code == 202
    assert vas.show_task(sdk.ShowTaskRequest(service_name=CLOUD, task_id=task_id)).state == "DELETING"


def test_refusals_are_the_sdks_exceptions(sdk: Any, vas: Any, exceptions: Any) -> None:
    """With our code, our sentence and the id of the request."""
    with pytest.raises(exceptions.ClientRequestException) as refusal:
        vas.show_task(sdk.ShowTaskRequest(service_name=CLOUD, task_id="0" * 32))
    assert (refusal.value.status_code, refusal.value.error_code) == (404, "IVA.0005")
    assert "0" * 32 in refusal.value.error_msg
    assert refusal.value.request_id
    with pytest.raises(exceptions.ClientRequestException) as refusal:
        created(sdk, vas, name="no spaces")
    assert (refusal.value.status_code, refusal.value.error_code) == (400, "IVA.0004")
    assert "name" in refusal.value.error_msg


def test_a_wrong_secret_is_refused(sdk: Any, client: Client, exceptions: Any) -> None:
    """As the vendor's gateway refuses it."""
    client.account = replace(client.account, secret_key="not-it")
    with pytest.raises(exceptions.ClientRequestException) as refusal:
        _built(sdk.VasClient, client, token=False).list_tasks_details(sdk.ListTasksDetailsRequest(service_name=CLOUD))
    assert (refusal.value.status_code, refusal.value.error_code) == (401, "APIGW.0301")


def test_nothing_but_the_environment_is_needed(sdk: Any, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key, secret and two addresses in the environment; the SDK asks the identity service which project it is for."""
    client = service.client(project_name="cn-north-4")
    region = importlib.import_module("huaweicloudsdkvas.v2.region.vas_region").VasRegion
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", client.account.access_key)
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", client.account.secret_key)
    monkeypatch.setenv("HUAWEICLOUD_SDK_REGION_VAS_CN_NORTH_4", client.base)
    monkeypatch.setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", client.base)
    built = sdk.VasClient.new_builder().with_region(region.value_of("cn-north-4")).build()
    assert built.list_tasks_details(sdk.ListTasksDetailsRequest(service_name=CLOUD)).count == 0
