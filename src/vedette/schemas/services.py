"""The documents of algorithm services, and what is sent to deploy them."""

from typing import Annotated, Any, Final

from pydantic import Field

from vedette.model.service import AlgStatus
from vedette.schemas.common import Rule, Text, Wire, of_form, one_of, storable, whole
from vedette.schemas.listing import PagedQuery, listed

ALG_ID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
POOL_ID: Final = r"[A-Za-z\-_0-9]{1,64}"
ENV_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]{0,127}"


def _names(envs: dict[str, str]) -> dict[str, str]:
    for name in envs:
        of_form(ENV_NAME).check(name)
    return envs


class ServiceQuery(PagedQuery):
    """Which services are listed."""

    name_like: Annotated[Text, Field(max_length=100)] = ""
    """A part of the service's name or of its display name, in any case."""
    sort_name: Annotated[str, one_of(("created_at", "function_version"))] = "created_at"
    """What to sort by."""
    alg_status: Annotated[list[str], listed(tuple(AlgStatus))] = Field(default_factory=list)
    """How they stand in the project."""


class DeployBody(Wire):
    """The body of a deploy request."""

    stream_count: Annotated[int, Field(ge=1, le=10_000)]
    """How many tasks of the algorithm may hold a stream at once; those beyond it wait."""
    pool_id: Annotated[str, of_form(POOL_ID)] | None = None
    """An edge pool of the project, or `local`; needed as long as the algorithm is not deployed."""
    deploy_config: Annotated[dict[str, Any], Field(max_length=100), Rule(storable, {})] | None = None
    """Defaults for the parameters of its tasks, see `service_config`; unknown keys are kept and have no effect."""
    envs: (
        Annotated[dict[str, Text], Field(max_length=100), Rule(_names, {"propertyNames": {"pattern": whole(ENV_NAME)}})]
        | None
    ) = None
    """`ANALYSIS_FPS`: pictures a second that its runs analyse. Other names are kept and have no effect."""


class DeployAnswer(Wire):
    """The answer to a deploy request."""

    alg_name: str
    """Display name of the algorithm."""


class StopAnswer(Wire):
    """The answer to a stop request."""

    alg_id: str
    """The algorithm."""


class ServiceInfo(Wire):
    """A service, as lists show it."""

    service_id: str
    """Id of this version of the service."""
    service_name: str
    """Its name, as in the path of a create."""
    alg_id: str
    """What is deployed; services of one algorithm share it."""
    alg_status: str
    """How it stands in the project, such as `service_running`; `service_upgrading` while a rollout is under way, and
    `not_deployed` as long as it lacks a model."""
    alg_class: str
    """`self`, or `partner` if others made it."""
    alg_version: str
    """The service version."""
    function_version: str
    """Version of what the algorithm does."""
    company: str
    """Who made it."""
    package_id: str
    """The package it is published in."""
    package_name: str
    """Name of the package."""
    deploy_type: str
    """`cloud` or `edge`."""
    request_mode: str
    """`async`: requests make tasks."""
    tags: list[str]
    """Words to find it by."""
    description: str
    """What it does."""
    error_msg: str
    """Why it cannot run here, such as a model that it lacks; empty if it can."""
    missing_models: list[str]
    """Roles for which it needs a model and none is installed: an addition of ours. Its tasks are refused until then."""
    can_update: bool
    """Whether tasks of the project stand on another version than this newest one; a rollout brings them to it."""
    created_at: int
    """When it was released; milliseconds since the epoch."""


class ServiceList(Wire):
    """The answer to a list of services."""

    count: int
    """Entries in this answer."""
    total: int
    """Services that match."""
    service_list: list[ServiceInfo]
    """The services."""


class ModelRole(Wire):
    """Something that a service looks with."""

    role: str
    """What models are installed for."""
    needed: bool
    """Whether the service cannot run without a model for it."""
    installed: bool
    """Whether there is one."""


class ServiceParameters(Wire):
    """What may be set of a service, for programs: an addition of ours."""

    service_id: str
    """Id of this version of the service."""
    service_name: str
    """Its name, as in the path of a create."""
    service_version: str
    """The version."""
    models: list[ModelRole]
    """What it looks with."""
    task_schema: dict[str, Any]
    """JSON Schema (draft 2020-12) of `config.common` of a task; says the same as `task_config`."""


class ServiceApi(Wire):
    """A request that a service answers."""

    request_type: str
    """Method."""
    request_url: str
    """Path."""
    en: str
    """What it does."""
    zh: str
    """What it does, in Chinese."""


class Accelerator(Wire):
    """An accelerator that a service asks for."""

    type: str
    """Kind."""
    name: str
    """Name."""


class DeploymentConstraints(Wire):
    """What a service asks for, and takes."""

    request_mode: str
    """`async`."""
    cpu_type: str
    """Architecture of the processor it runs on here."""
    accelerators: list[Accelerator]
    """Accelerators it asks for; always empty."""
    input_types: list[str]
    """Inputs that this release serves."""
    output_types: list[str]
    """Outputs that this release serves."""
    service_config: str
    """XML: what `deploy_config` may hold."""
    task_config: str
    """XML: what `config.common` of a task may hold."""


class ServiceDetail(ServiceInfo):
    """A service with all that is known of it."""

    api: str
    """Its name, as in the path of a create."""
    pool_id: str
    """Where it runs: `local`, or an edge pool."""
    logo: str
    """A picture, as a data URL."""
    diagram: str
    """A picture of how it works, as a data URL."""
    release_flag: bool
    """Whether it is released; always true."""
    release_at: int
    """When; milliseconds since the epoch."""
    updated_at: int
    """When its deployment last changed, else when it was released; milliseconds since the epoch."""
    alg_versions: list[str]
    """All its versions."""
    service_api_list: list[ServiceApi]
    """The requests it answers."""
    deployment_constraints: DeploymentConstraints
    """What it asks for, and takes."""


class DeploymentInfo(Wire):
    """How an algorithm is deployed in a project. Ours."""

    alg_id: str
    """The algorithm."""
    alg_name: str | None = None
    """Its display name; absent if it is not installed any more."""
    alg_status: str
    """How it stands."""
    pool_id: str
    """Where it runs."""
    stream_count: int
    """How many tasks may hold a stream at once; 0 for one that was stopped and never deployed."""
    in_use: int
    """How many do."""
    waiting: int
    """How many wait for this deployment."""
    deploy_config: dict[str, Any]
    """Defaults for the parameters of its tasks."""
    envs: dict[str, str]
    """Names of the environment variables; their values are hidden."""
    warnings: list[str]
    """What of the settings has no effect."""
    created_at: int
    """Milliseconds since the epoch."""
    updated_at: int
    """Milliseconds since the epoch."""


class DeploymentList(Wire):
    """The answer to a list of deployments."""

    count: int
    """Entries."""
    deployments: list[DeploymentInfo]
    """The deployments."""
