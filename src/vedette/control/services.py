"""What is published: the facts of a service that a task's document tells."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from vedette.algorithms.base import Manifest
from vedette.algorithms.registry import Registry, task_config_xml
from vedette.model.errors import NotReferable
from vedette.model.ids import derived_uuid

_DEPLOY_NUMBER = {"cloud": "0", "edge": "1"}


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service, in the words of a task's document.

    Attributes:
        type: `"0"` for cloud, `"1"` for edge.
        task_config: the schema of its parameters, XML.
    """

    service_id: str
    release_id: str
    package_id: str
    algorithm_publish_id: str
    title: str
    company: str
    type: str
    task_config: str


def facts(registry: Registry, name: str, version: str) -> ServiceFacts | None:
    """Return the facts of a service, or None if its algorithm is not installed (any more)."""
    try:
        manifest = registry.find(name, version).manifest
    except NotReferable:
        return None
    release = service_id(name, version)
    return ServiceFacts(
        service_id=release,
        release_id=release,
        package_id=package_id(manifest),
        algorithm_publish_id=algorithm_id(manifest, deploy_type(manifest, name)),
        title=manifest.title_en,
        company=manifest.company,
        type=_DEPLOY_NUMBER[deploy_type(manifest, name)],
        task_config=task_config_xml(manifest),
    )


def needs(registry: Registry, manifest: Manifest) -> str:
    """Return what a service needs that is not here, in a sentence; empty if it can run."""
    missing = registry.lacking(manifest)
    if not missing:
        return ""
    roles = f"the role {missing[0]}" if len(missing) == 1 else f"the roles {' and '.join(missing)}"
    return f"It needs a model of {roles}, and none is installed."


def check_models(registry: Registry, name: str, version: str) -> None:
    """Make sure that a service has the models without which it cannot run.

    Raises:
        NotReferable: it lacks one, or is not there itself.
    """
    lack = needs(registry, registry.find(name, version).manifest)
    if lack:
        how = "Add one with `vedette models add`."
        raise NotReferable(f"The service {name} cannot run yet. {lack} {how}", param="service_name")


def lasting_facts(registry: Registry, name: str, version: str) -> dict[str, str]:
    """Return the facts of a service by name; of one that is not installed, those that can be told all the same."""
    known = facts(registry, name, version)
    if known is not None:
        return asdict(known)
    release = service_id(name, version)
    return {
        "service_id": release,
        "release_id": release,
        "algorithm_publish_id": _uuid("algorithm", name),
        "title": name,
        "company": "",
        "type": _DEPLOY_NUMBER["edge" if name.endswith("-edge") else "cloud"],
    }


def names_of(registry: Registry, *, title: str = "", companies: Collection[str] = (), alg_id: str = "") -> list[str]:
    """Return the names of the services that fit; what is empty does not matter.

    Args:
        registry: the published services.
        title: what one of its display names contains, in any case.
        companies: the makers.
        alg_id: `algorithm_publish_id`.
    """
    ids = algorithm_ids(registry)
    return [
        service.name.name
        for service in registry.services()
        if any(title.lower() in shown.lower() for shown in (service.manifest.title_en, service.manifest.title_cn))
        and (not companies or service.manifest.company in companies)
        and alg_id in ("", ids[service.name.name])
    ]


def algorithm_ids(registry: Registry) -> Mapping[str, str]:
    """Return the `alg_id` behind each service name: what is deployed, and what deployments are looked up by."""
    return {
        service.name.name: algorithm_id(service.manifest, service.name.deploy_type) for service in registry.services()
    }


def service_id(name: str, version: str) -> str:
    """Return the id of one version of a service."""
    return _uuid("service", name, version)


def package_id(manifest: Manifest) -> str:
    """Return the id of the package an algorithm is published in."""
    return _uuid("package", manifest.package or manifest.name)


def algorithm_id(manifest: Manifest, deploy: str) -> str:
    """Return the id under which an algorithm is deployed; names of one algorithm and deploy type share it."""
    return _uuid("algorithm", manifest.name, deploy)


def deploy_type(manifest: Manifest, service_name: str) -> str:
    """Return `cloud` or `edge`: where the service of this name runs."""
    return next(service.deploy_type for service in manifest.services if service.name == service_name)


def _uuid(*parts: str) -> str:
    """Return a lower-case UUID derived from the parts, in the form of version 4, which list filters ask for."""
    text = derived_uuid(*parts).lower()
    return f"{text[:14]}4{text[15:]}"
