"""A typed client of the 29 operations, made of nothing but the vendor's core: `Client.do_http_request` and its signer.

One method for each operation, named as it is published; query and body fields have their published names. It belongs to
no test: it is what somebody writes who has the core of the SDK and the published pages.
"""

import importlib
from types import SimpleNamespace
from typing import Any

from service import Client as Somebody

core = importlib.import_module("huaweicloudsdkcore.client")
SdkResponse = importlib.import_module("huaweicloudsdkcore.sdk_response").SdkResponse
BasicCredentials = importlib.import_module("huaweicloudsdkcore.auth.credentials").BasicCredentials
exceptions = importlib.import_module("huaweicloudsdkcore.exceptions.exceptions")


class Passed(SdkResponse):
    """An answer as it is."""

    openapi_types: dict[str, str] = {}  # noqa: RUF012 - what the core looks for
    attribute_map: dict[str, str] = {}  # noqa: RUF012 - as above


class ViasClient(core.Client):
    """VIAS v2."""

    def __init__(self) -> None:
        super().__init__()
        self.model_package = SimpleNamespace(Passed=Passed)

    @classmethod
    def of(cls, somebody: Somebody, *, token: bool) -> "ViasClient":
        """Return a client that signs with somebody's access key, or sends their token alone."""
        account = somebody.account
        credentials = BasicCredentials(account.access_key, account.secret_key, account.project_id)
        made = core.ClientBuilder(cls).with_credentials(credentials).with_endpoint(somebody.base).build()
        if token:
            made.preset_headers = {"X-Auth-Token": account.token}
            made.get_credentials().sign_request = _addressed
        return made

    def call(self, method: str, path: str, body: Any = None, query: Any = None, /, **ids: str) -> Any:
        """Call one operation; an answer without a body is None."""
        answer = self.do_http_request(
            method, "/v2/{project_id}" + path, ids, _flat(query), {}, body, response_type="Passed"
        )
        self.status = answer.status_code
        return answer.to_json_object()

    def create_task(self, service_name: str, body: Any) -> Any:
        return self.call("POST", "/services/{service_name}/tasks", body, service_name=service_name)

    def show_task_info(self, task_id: str) -> Any:
        return self.call("GET", "/tasks/{task_id}", task_id=task_id)

    def list_tasks(self, **query: Any) -> Any:
        return self.call("GET", "/tasks", None, query)

    def update_task(self, task_id: str, body: Any) -> Any:
        return self.call("PUT", "/tasks/{task_id}", body, task_id=task_id)

    def delete_task(self, task_id: str) -> Any:
        return self.call("DELETE", "/tasks/{task_id}", task_id=task_id)

    def start_stop_task(self, task_id: str, command: str) -> Any:
        return self.call("PUT", "/tasks/{task_id}/action/{command}", task_id=task_id, command=command)

    def create_batch_task(self, body: Any) -> Any:
        return self.call("POST", "/batch-tasks", body)

    def list_batch_tasks(self, **query: Any) -> Any:
        return self.call("GET", "/batch-tasks", None, query)

    def update_batch_task(self, batch_id: str, body: Any) -> Any:
        return self.call("PUT", "/batch-tasks/{id}", body, id=batch_id)

    def delete_batch_task(self, batch_id: str) -> Any:
        return self.call("DELETE", "/batch-tasks/{id}", id=batch_id)

    def batch_start_stop_task(self, batch_id: str, command: str) -> Any:
        return self.call("PUT", "/batch-tasks/{id}/action/{command}", id=batch_id, command=command)

    def create_video_source(self, body: Any) -> Any:
        return self.call("POST", "/source", body)

    def update_video_source(self, source_id: str, body: Any) -> Any:
        return self.call("PUT", "/source/{video_source_id}", body, video_source_id=source_id)

    def delete_video_source(self, source_id: str) -> Any:
        return self.call("DELETE", "/source/{video_source_id}", video_source_id=source_id)

    def show_video_source_detail(self, source_id: str) -> Any:
        return self.call("GET", "/source/sources/{video_source_id}", video_source_id=source_id)

    def list_video_sources(self, **query: Any) -> Any:
        return self.call("GET", "/source/sources", None, query)

    def create_video_group(self, body: Any) -> Any:
        return self.call("POST", "/video-group", body)

    def update_video_group(self, group_id: str, body: Any) -> Any:
        return self.call("PUT", "/video-group/{video_group_id}", body, video_group_id=group_id)

    def delete_video_group(self, group_id: str) -> Any:
        return self.call("DELETE", "/video-group/{video_group_id}", video_group_id=group_id)

    def show_video_group_detail(self, group_id: str) -> Any:
        return self.call("GET", "/video-group/{video_group_id}", video_group_id=group_id)

    def list_video_groups(self, **query: Any) -> Any:
        return self.call("GET", "/video-group/groups", None, query)

    def list_user_services(self, **query: Any) -> Any:
        return self.call("GET", "/algorithm/services/user", None, query)

    def show_service_detail(self, service_id: str) -> Any:
        return self.call("GET", "/algorithm/services/{service_id}", service_id=service_id)

    def deploy_algorithm(self, alg_id: str, body: Any) -> Any:
        return self.call("POST", "/algorithm/{alg_id}/deploy", body, alg_id=alg_id)

    def stop_deploy_algorithm(self, alg_id: str) -> Any:
        return self.call("PUT", "/algorithm/{alg_id}/deploy/stop", alg_id=alg_id)

    def create_edge_pool(self, body: Any) -> Any:
        return self.call("POST", "/edge-pools", body)

    def list_edge_pools(self, **query: Any) -> Any:
        return self.call("GET", "/edge-pools", None, query)

    def show_edge_pool_info(self, pool_id: str) -> Any:
        return self.call("GET", "/edge-pools/{id}", id=pool_id)

    def delete_edge_pool(self, pool_id: str) -> Any:
        return self.call("DELETE", "/edge-pools/{id}", id=pool_id)


def _flat(query: dict[str, Any] | None) -> list[tuple[str, Any]]:
    """Return query parameters one by one: those with several values repeat."""
    pairs = []
    for name, value in (query or {}).items():
        pairs += [(name, one) for one in value] if isinstance(value, list) else [(name, value)]
    return pairs


def _addressed(request: Any) -> Any:
    """Do of the core's signing only what a request without a signature needs: its address."""
    signer = importlib.import_module("huaweicloudsdkcore.signer.signer")
    signer.Signer.process_request_uri(request)
    return request
