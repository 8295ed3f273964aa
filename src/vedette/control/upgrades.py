"""A task goes to another version of its service, and back again if that one cannot do its work.

What a task is asked for and what it runs are one document: it names the new version from the moment it is UPGRADING.
The worker swaps the algorithm between two pictures; the stream stays open.
"""

from dataclasses import replace

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry, check_config
from vedette.control import task_rules
from vedette.control.decisions import Act
from vedette.control.orders import effective_config
from vedette.control.services import algorithm_ids, check_models
from vedette.model.errors import CallerError, InvalidParameter
from vedette.model.freezing import Comeback
from vedette.model.lifecycle import Signal, State, after
from vedette.model.rollout import UPGRADED
from vedette.model.task import Task
from vedette.store import deployments, rollout_steps, tasks
from vedette.store.vault import Vault


def check(conn: Connection, vault: Vault, registry: Registry, task: Task, version: str) -> None:
    """Make sure that a task's configuration fits another version of its service.

    Raises:
        InvalidParameter: it does not; the message names the task, and `param` the parameter.
        NotReferable: the service has no such version.
    """
    document = replace(task.document, service_version=version)
    kind = registry.find(document.service_name, version)
    alg_id = algorithm_ids(registry)[document.service_name]
    defaults, _ = deployments.defaults(conn, vault, task.project_id, alg_id)
    try:
        task_rules.check_service(registry, document)
        check_models(registry, document.service_name, version)
        check_config(kind, effective_config(document, defaults))
    except CallerError as misfit:
        told = f"The task {document.name} ({task.id}) does not fit the version {version}: {misfit.message}"
        raise InvalidParameter(told, param=misfit.param) from None


def begin(
    conn: Connection, vault: Vault, registry: Registry, task: Task, version: str, *, actor: str, now_ms: int
) -> bool:
    """Let a task go to another version: one that runs, or is STOPPED, is UPGRADING from now on.

    Of any other nothing runs; it has the version when it runs again, and does not change its state.

    Returns:
        False if somebody else moved it since it was read; nothing was written then.

    Raises:
        InvalidParameter: its configuration does not fit.
        NotReferable: the service has no such version.
    """
    check(conn, vault, registry, task, version)
    before = task.document.service_version
    document = replace(task.document, service_version=version)
    warnings = task_rules.check(conn, registry, task.project_id, document, now_ms, task.document)
    if not tasks.rewrite(conn, vault, task, document, warnings=warnings, former_version=before):
        return False
    if task.state not in UPGRADED:
        return True
    changed = replace(task, document=document, version=task.version + 1)
    at_rest: dict[str, object] = {"resume": int(Comeback.REST)} if task.state is State.STOPPED else {}
    cause = f"upgrade from {before} to {version}"
    return tasks.move(
        conn, changed, (after(task.state, Signal.UPGRADE),), cause=cause, actor=actor, at=now_ms, **at_rest
    )


def take_back(conn: Connection, vault: Vault, act: Act, *, actor: str, now_ms: int) -> bool:
    """Do what a round decided of a task whose new version broke: it stands on its former one again.

    One that has none any more stays as it is, and says what is wrong.
    """
    (task,) = tasks.some(conn, vault, [act.task.id]) or (None,)
    if task is None or (task.state, task.version) != (act.task.state, act.task.version):
        return False
    if task.former_version is not None:
        rollout_steps.note_failure(conn, task.id, task.document.service_version, act.cause, now_ms)
        document = replace(task.document, service_version=task.former_version)
        if not tasks.rewrite(conn, vault, task, document, former_version=None):
            return False
        task = replace(task, document=document, version=task.version + 1)
    return tasks.move(conn, task, act.path, cause=act.cause, actor=actor, at=now_ms, **act.columns)
