"""Algorithm services: list, detail, deploy, stop; and how they are deployed, an addition of ours."""

# ruff: noqa: FAST003 - the path's parameters are read and checked by the dependencies

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request

from vedette.algorithms.registry import age
from vedette.api.answers import JSONResponse
from vedette.api.deps import Member, Parts, PartsOf, object_id, received
from vedette.api.described import takes
from vedette.api.service_views import deployment_info, service_detail, service_parameters, service_row
from vedette.control import catalogue
from vedette.control.catalogue import Published
from vedette.control.deployments import Deployments, Wish
from vedette.schemas.services import (
    DeployAnswer,
    DeployBody,
    DeploymentInfo,
    DeploymentList,
    ServiceDetail,
    ServiceList,
    ServiceParameters,
    ServiceQuery,
    StopAnswer,
)
from vedette.store import deployments

router = APIRouter(tags=["Services"])

ServiceIdInPath = Annotated[str, Depends(object_id("service_id"))]
AlgIdInPath = Annotated[str, Depends(object_id("alg_id"))]
SERVICES: Final = "/v2/{project_id}/algorithm/services"
EXAMPLE: Final[dict[str, Any]] = {
    "stream_count": 8,
    "pool_id": "local",
    "deploy_config": {"image_compression_ratio": 80},
    "envs": {"ANALYSIS_FPS": "5"},
}


@router.get(f"{SERVICES}/user", operation_id="ListUserServices", response_model=ServiceList)
async def find(principal: Member, query: Annotated[ServiceQuery, Query()], parts: PartsOf) -> JSONResponse:
    """List the services, each in its newest version, with how they stand in the project."""
    known = [one for one in catalogue.newest(parts.registry) if _is_like(one, query.name_like)]
    capacities = await parts.db.read(deployments.capacities_of, principal.project_id)
    versions = await parts.db.read(catalogue.versions_of, principal.project_id, known)
    rows = [(one, service_row(one, capacities.get(one.alg_id), versions[one.name])) for one in known]
    chosen = [row for _, row in _sorted(rows, query) if not query.alg_status or row["alg_status"] in query.alg_status]
    shown = chosen if query.page is None else chosen[query.page]
    return JSONResponse({"count": len(shown), "total": len(chosen), "service_list": shown})


@router.get(f"{SERVICES}/{{service_id}}", operation_id="ShowServiceDetail", response_model=ServiceDetail)
async def show(principal: Member, service_id: ServiceIdInPath, parts: PartsOf) -> JSONResponse:
    """Show one version of a service: what it takes, what may be set, and how it stands in the project."""
    one = catalogue.find(parts.registry, service_id)
    deployment = await parts.db.read(deployments.find, parts.vault, principal.project_id, one.alg_id)
    versions = await parts.db.read(catalogue.versions_of, principal.project_id, [one])
    return JSONResponse(service_detail(one, principal.project_id, deployment, versions[one.name]))


@router.get(
    "/vedette/v1/{project_id}/services/{service_id}",
    operation_id="ShowServiceParameters",
    response_model=ServiceParameters,
)
async def show_parameters(_member: Member, service_id: ServiceIdInPath, parts: PartsOf) -> JSONResponse:
    """Show what may be set of a version of a service as JSON Schema, and the models it looks with."""
    return JSONResponse(service_parameters(catalogue.find(parts.registry, service_id)))


@router.post(
    "/v2/{project_id}/algorithm/{alg_id}/deploy",
    operation_id="DeployAlgorithm",
    openapi_extra=takes(DeployBody, EXAMPLE),
    response_model=DeployAnswer,
)
async def deploy(request: Request, principal: Member, alg_id: AlgIdInPath, parts: PartsOf) -> JSONResponse:
    """Deploy an algorithm, or change how it is deployed; tasks that run take the change over."""
    body = await received(request, DeployBody)
    wish = Wish(body.stream_count, body.pool_id, body.deploy_config, body.envs)
    name = await _verbs(parts).deploy(principal.project_id, alg_id, wish, parts.clock())
    return JSONResponse({"alg_name": name})


@router.put(
    "/v2/{project_id}/algorithm/{alg_id}/deploy/stop", operation_id="StopDeployAlgorithm", response_model=StopAnswer
)
async def stop(principal: Member, alg_id: AlgIdInPath, parts: PartsOf) -> JSONResponse:
    """Stop an algorithm: its tasks are stopped, and those that are started wait until it is deployed again."""
    await _verbs(parts).stop(principal.project_id, alg_id, parts.clock())
    return JSONResponse({"alg_id": alg_id})


@router.get("/vedette/v1/{project_id}/deployments", operation_id="ListDeployments", response_model=DeploymentList)
async def list_deployments(principal: Member, parts: PartsOf) -> JSONResponse:
    """List how algorithms are deployed in the project, and how much of each is in use."""
    found = [deployment_info(one) for one in await parts.db.read(_verbs(parts).all_of, principal.project_id)]
    return JSONResponse({"count": len(found), "deployments": found})


@router.get(
    "/vedette/v1/{project_id}/deployments/{alg_id}", operation_id="ShowDeployment", response_model=DeploymentInfo
)
async def show_deployment(principal: Member, alg_id: AlgIdInPath, parts: PartsOf) -> JSONResponse:
    """Show how an algorithm is deployed in the project, and how much of it is in use."""
    return JSONResponse(deployment_info(await parts.db.read(_verbs(parts).one_of, principal.project_id, alg_id)))


def _verbs(parts: Parts) -> Deployments:
    return Deployments(parts.db, parts.vault, parts.registry, parts.tasks.wake)


def _is_like(one: Published, part: str) -> bool:
    shown = (one.name, one.manifest.title_en, one.manifest.title_cn)
    return any(part.lower() in name.lower() for name in shown)


def _sorted(
    rows: list[tuple[Published, dict[str, Any]]], query: ServiceQuery
) -> list[tuple[Published, dict[str, Any]]]:
    """Return the rows in the order that was asked for; equal ones by name."""
    by_name = sorted(rows, key=lambda row: row[0].name)
    if query.sort_name == "function_version":
        return sorted(by_name, key=lambda row: age(row[1]["function_version"]), reverse=query.descending)
    return sorted(by_name, key=lambda row: row[1]["created_at"], reverse=query.descending)
