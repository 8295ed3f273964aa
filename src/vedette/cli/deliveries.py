"""`vedette dead-letters`: deliveries that were given up, beside a running service or without one."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from vedette.model.errors import InvalidParameter
from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

dead_letters = typer.Typer(help="Deliveries that were given up.", no_args_is_help=True)

Project = Annotated[str | None, typer.Option(help="Name or id of a project; may be left out where there is one.")]


@dead_letters.command("list")
def list_dead_letters(
    task: Annotated[str | None, typer.Option(help="Only those of a task, by its id.")] = None, project: Project = None
) -> None:
    """List them, the oldest first: id, when it was given up, kind, task, event, attempts, and why the last failed."""
    from vedette.app import deliveries

    async def show() -> None:
        async for one in deliveries.dead_letters(Settings.load(), project, task):
            print(
                f"{one.id}  {_iso(one.given_up_at or one.created_at)}  {one.kind}  {one.task_id}  {one.event_id}  "
                f"{one.attempts} attempts  {one.last_error or ''}".rstrip()
            )

    asyncio.run(show())


@dead_letters.command("show")
def show_dead_letter(
    letter: Annotated[int, typer.Argument(metavar="ID", help="Id of one, as `list` shows it.")],
    project: Project = None,
) -> None:
    """Show one with its attempts: when each ended, its number, and why it failed."""
    from vedette.app import deliveries

    one, attempts = asyncio.run(deliveries.dead_letter(Settings.load(), project, letter))
    print(f"{one.id}  {one.kind}  task {one.task_id}  event {one.event_id}")
    for attempt in attempts:
        print(f"{_iso(attempt.at)}  attempt {attempt.number}  {attempt.reason}")
    print(f"{_iso(one.given_up_at or one.created_at)}  given up after {one.attempts} attempts: {one.last_error or ''}")


@dead_letters.command("retry")
def retry_dead_letters(
    letter: Annotated[int | None, typer.Argument(metavar="ID", help="Id of one, as `list` shows it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of the project.")] = False,
    project: Project = None,
) -> None:
    """Send one again, or all; a running service begins within seconds."""
    from vedette.app import deliveries

    if (letter is not None) == every:
        raise InvalidParameter("Name one by its id, or say --all.", param="id")
    print(f"{asyncio.run(deliveries.retry(Settings.load(), project, letter))} sent again")


def _iso(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
