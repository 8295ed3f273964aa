"""An algorithm, made from a configuration: what may take long, and needs no picture."""

from dataclasses import dataclass, field
from typing import Any

import structlog

from vedette.algorithms.base import Algorithm, Models
from vedette.algorithms.registry import Registry, check_config
from vedette.model.errors import AlgorithmError, VedetteError
from vedette.model.stream import TaskRun

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Prepared:
    """An algorithm that can be shown pictures.

    Attributes:
        analysis_fps: pictures a second it asks for.
        state_version: of its state.
        succeeds: whether it shall take up what the algorithm before it knows; otherwise it begins afresh.
    """

    algorithm: Algorithm[Any] = field(repr=False)
    analysis_fps: float
    state_version: int
    succeeds: bool = True


def prepare(spec: TaskRun, registry: Registry, models: Models, *, afresh: bool = False) -> Prepared:
    """Make the algorithm of a run.

    Args:
        afresh: it shall not take up what another knows.

    Raises:
        VedetteError: the service is not known here, its configuration is at fault, or a model is missing.
    """
    kind = registry.find(spec.service, spec.service_version)
    try:
        config, _ = check_config(kind, spec.config)
        made = kind(config, models)
    except VedetteError:
        raise
    # It may be a stranger's: the task is refused, and the worker goes on.
    except Exception as error:
        log.exception("algorithm cannot be made", algorithm=kind.manifest.name)
        raise AlgorithmError(f"{kind.manifest.name} raised {type(error).__name__} when it was made.") from error
    return Prepared(made, kind.manifest.analysis_fps, kind.manifest.state_version, succeeds=not afresh)
