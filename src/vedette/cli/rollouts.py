"""`vedette rollout`: tasks go to another version of their service, beside a running service or without one."""

import asyncio
from typing import Annotated

import typer

from vedette.model.errors import InvalidParameter
from vedette.model.ids import TaskId
from vedette.model.rollout import Outcome, Rollout
from vedette.schemas.common import OBJECT_ID, SERVICE_VERSION, matches
from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

rollout = typer.Typer(help="Upgrades of tasks to another version of their service.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(metavar="SERVICE", help="Name of the service.")]
Chosen = Annotated[
    list[str] | None, typer.Option("--task", help="Id of a task; may be repeated. All of the service if left out.")
]
AtOnce = Annotated[int, typer.Option(min=1, help="How many tasks may be under way together.")]
Project = Annotated[str | None, typer.Option(help="Name or id of a project; may be left out where there is one.")]


@rollout.command("upgrade")
def upgrade(
    service: Service,
    version: Annotated[str | None, typer.Option(help="Where they go; the newest version if left out.")] = None,
    task: Chosen = None,
    at_once: AtOnce = 1,
    project: Project = None,
) -> None:
    """Bring tasks to another version; the service goes on with it, and stops at the first that fails."""
    from vedette.app import rollouts
    from vedette.control.rollouts import Wish

    if version is not None and not matches(SERVICE_VERSION, version):
        raise InvalidParameter(f"--version does not have the form ^{SERVICE_VERSION}$.", param="version")
    wish = Wish(service, version, _ids(task), at_once)
    _print(*asyncio.run(rollouts.upgrade(Settings.load(), project, wish)))


@rollout.command("back")
def back(service: Service, task: Chosen = None, at_once: AtOnce = 1, project: Project = None) -> None:
    """Bring tasks back to the version that each stood on before."""
    from vedette.app import rollouts
    from vedette.control.rollouts import Wish

    wish = Wish(service, None, _ids(task), at_once)
    _print(*asyncio.run(rollouts.rollback(Settings.load(), project, wish)))


@rollout.command("list")
def list_rollouts(project: Project = None) -> None:
    """List the rollouts of a project, newest first."""
    from vedette.app import rollouts

    for found in asyncio.run(rollouts.listed(Settings.load(), project)):
        _print(*found)


@rollout.command("stop")
def stop(
    rollout_id: Annotated[str, typer.Argument(metavar="ROLLOUT", help="Id of the rollout.")], project: Project = None
) -> None:
    """Let a rollout begin with no further task; those under way come to their end."""
    from vedette.app import rollouts

    _print(*asyncio.run(rollouts.stop(Settings.load(), project, rollout_id)))


def _ids(tasks: list[str] | None) -> tuple[TaskId, ...] | None:
    for task in tasks or ():
        if not matches(OBJECT_ID, task):
            raise InvalidParameter(f"--task does not have the form ^{OBJECT_ID}$.", param="task")
    return tuple(TaskId(task) for task in tasks) if tasks else None


def _print(found: Rollout, counts: dict[Outcome, int]) -> None:
    where = "back" if found.version is None else f"to {found.version}"
    told = ", ".join(f"{counts[outcome]} {outcome.replace('_', ' ')}" for outcome in Outcome)
    print(f"{found.id}  {found.service_name} {where}  {found.status}  {told}  {found.reason}".rstrip())
