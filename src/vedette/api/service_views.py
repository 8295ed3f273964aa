"""What is shown of services and deployments."""

import platform
from typing import Any, Final

from vedette.algorithms.parameter_schema import config_schema
from vedette.algorithms.registry import service_config_xml, task_config_xml
from vedette.api import drawings
from vedette.control import catalogue
from vedette.control.catalogue import Published, Versions
from vedette.control.deployments import Deployed
from vedette.control.services import package_id
from vedette.control.sources import SERVED_OUTPUTS
from vedette.model.secrets import MASK
from vedette.model.service import LOCAL_POOL, Deployment
from vedette.store.deployments import Capacity

OURS: Final = "Vedette"
"""The maker of the built-in algorithms."""
REQUEST_MODE: Final = "async"
ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
REQUESTS: Final = (
    ("POST", "/v2/{project_id}/services/{api}/tasks", "Create tasks", "创建作业"),
    ("GET", "/v2/{project_id}/tasks/{task_id}", "Show a task", "查询作业详情"),
    ("GET", "/v2/{project_id}/tasks", "List tasks", "查询作业列表"),
    ("PUT", "/v2/{project_id}/tasks/{task_id}", "Update a task", "更新作业"),
    ("DELETE", "/v2/{project_id}/tasks/{task_id}", "Delete a task", "删除作业"),
    ("PUT", "/v2/{project_id}/tasks/{task_id}/action/start", "Start a task", "启动作业"),
    ("PUT", "/v2/{project_id}/tasks/{task_id}/action/stop", "Stop a task", "停止作业"),
)


def service_row(one: Published, capacity: Capacity | None, versions: Versions) -> dict[str, Any]:
    """Return a service as lists show it."""
    manifest = one.manifest
    return {
        "service_id": one.service_id,
        "service_name": one.name,
        "alg_id": one.alg_id,
        "alg_status": catalogue.status(one, capacity, versions.upgrading).value,
        "alg_class": "self" if manifest.company == OURS else "partner",
        "alg_version": one.version,
        "function_version": manifest.function_version,
        "company": manifest.company,
        "package_id": package_id(manifest),
        "package_name": manifest.package or manifest.title_en,
        "deploy_type": one.deploy,
        "request_mode": REQUEST_MODE,
        "tags": list(manifest.tags),
        "description": manifest.description,
        "error_msg": one.problem,
        "missing_models": list(one.lacking),
        "can_update": versions.behind,
        "created_at": manifest.released_at,
    }


def service_detail(
    one: Published, project_id: str, deployment: Deployment | None, versions: Versions
) -> dict[str, Any]:
    """Return all that is known of a service."""
    manifest = one.manifest
    capacity = Capacity(deployment.status, deployment.stream_count) if deployment else None
    inputs, outputs = [kind.value for kind in one.inputs()], sorted(kind.value for kind in SERVED_OUTPUTS)
    machine = platform.machine()
    return service_row(one, capacity, versions) | {
        "api": one.name,
        "pool_id": deployment.pool_id if deployment else LOCAL_POOL,
        "logo": drawings.logo(manifest.title_en),
        "diagram": drawings.diagram(inputs, manifest.title_en, outputs),
        "release_flag": True,
        "release_at": manifest.released_at,
        "updated_at": deployment.updated_at if deployment else manifest.released_at,
        "alg_versions": list(one.versions),
        "service_api_list": [
            {
                "request_type": method,
                "request_url": url.replace("{project_id}", project_id).replace("{api}", one.name),
                "en": en,
                "zh": zh,
            }
            for method, url, en, zh in REQUESTS
        ],
        "deployment_constraints": {
            "request_mode": REQUEST_MODE,
            "cpu_type": ARCHITECTURES.get(machine.lower(), machine),
            "accelerators": [],
            "input_types": inputs,
            "output_types": outputs,
            "service_config": service_config_xml(manifest),
            "task_config": task_config_xml(manifest),
        },
    }


def service_parameters(one: Published) -> dict[str, Any]:
    """Return what may be set of a service, for programs."""
    roles = dict.fromkeys((*one.manifest.roles, *one.manifest.needs))
    return {
        "service_id": one.service_id,
        "service_name": one.name,
        "service_version": one.version,
        "models": [
            {"role": role, "needed": role in one.manifest.needs, "installed": role in one.installed} for role in roles
        ],
        "task_schema": config_schema(one.manifest),
    }


def deployment_info(one: Deployed) -> dict[str, Any]:
    """Return how an algorithm is deployed, the values of its variables hidden."""
    deployment = one.deployment
    named = {"alg_name": one.algorithm.manifest.title_en} if one.algorithm else {}
    return named | {
        "alg_id": deployment.alg_id,
        "alg_status": deployment.status.value,
        "pool_id": deployment.pool_id,
        "stream_count": deployment.stream_count,
        "in_use": one.in_use,
        "waiting": one.waiting,
        "deploy_config": deployment.deploy_config,
        "envs": dict.fromkeys(sorted(deployment.envs), MASK),
        "warnings": list(one.warnings),
        "created_at": deployment.created_at,
        "updated_at": deployment.updated_at,
    }
