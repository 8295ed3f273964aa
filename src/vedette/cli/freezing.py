"""`vedette freeze` and `vedette thaw`: what an operator holds back, beside a running service or without one."""

import asyncio
from typing import Annotated

import typer

from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

freeze = typer.Typer(help="Hold back a task, or all tasks of a project.", no_args_is_help=True)
thaw = typer.Typer(help="Let go what was frozen.", no_args_is_help=True)

Task = Annotated[str, typer.Argument(metavar="TASK", help="Id of a task.")]
Owner = Annotated[
    str | None, typer.Option("--project", help="Name or id of its project; may be left out where there is one.")
]
Project = Annotated[str, typer.Argument(metavar="PROJECT", help="Name or id of a project.")]
Reason = Annotated[str, typer.Option(help="Why: it stands in the status and the history of the tasks.")]


@freeze.command("task")
def freeze_task(task: Task, reason: Reason = "", project: Owner = None) -> None:
    """Freeze a task: it ends what it does, and cannot be started until it is thawed."""
    from vedette.app import freezing

    for cause in asyncio.run(freezing.freeze_task(Settings.load(), project, task, reason)).causes:
        print(cause.status)


@freeze.command("project")
def freeze_project(project: Project, reason: Reason = "") -> None:
    """Freeze a project: all its tasks, and no new ones are made in it."""
    from vedette.app import freezing

    print(asyncio.run(freezing.freeze_project(Settings.load(), project, reason)).status)


@thaw.command("task")
def thaw_task(task: Task, project: Owner = None) -> None:
    """Take back the freeze of a task; it goes on unless something else freezes it, which is printed then."""
    from vedette.app import freezing

    left = asyncio.run(freezing.thaw_task(Settings.load(), project, task)).causes
    for cause in left:
        print(cause.status)
    if not left:
        print(f"{task} thaws")


@thaw.command("project")
def thaw_project(project: Project) -> None:
    """Thaw a project: its tasks come back to what they were, unless something else freezes them."""
    from vedette.app import freezing

    asyncio.run(freezing.thaw_project(Settings.load(), project))
    print(f"{project} thaws")
