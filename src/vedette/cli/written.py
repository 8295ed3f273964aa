"""`vedette services`: services that are written down, not programmed: the operator's own, and those that were shipped."""

from pathlib import Path
from typing import Annotated

import typer

from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

services = typer.Typer(help="Services that are written down, not programmed.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="A manifest.")]
Name = Annotated[str, typer.Argument(help="Name of the manifest, as `services list` shows it.")]


@services.command("list")
def list_services() -> None:
    """List the written services, whose they are, and whether they can run."""
    from vedette.app import written

    rows, broken = written.listed(Settings.load())
    for row in rows:
        state = f"needs a model of the role {' and '.join(row.missing)}" if row.missing else "can run"
        print(f"{row.service}  {row.name}  {'own' if row.own else 'shipped'}  {state}")
    for file, reason in broken.items():
        typer.echo(f"vedette: {file} cannot be used: {reason}", err=True)


@services.command("check")
def check_service(file: File) -> None:
    """Say what a manifest publishes, and what it lacks; nothing is added."""
    from vedette.app import written

    plan = written.judged(Settings.load(), file)
    for deploy, name in (("cloud", plan.services.cloud), ("edge", plan.services.edge)):
        if name is not None:
            print(f"service {name}  {deploy}  {', '.join(plan.versions)}")
    for event in plan.events:
        print(f"event {event.number} (0x{event.number:08X})  {event.name}")
    for row in plan.keys:
        print(f"key {row.name}  {row.type}  default {row.default}")
    for sentence in written.about_models(Settings.load(), plan):
        print(sentence)


@services.command("add")
def add_service(file: File) -> None:
    """Take a manifest into the folder of services; one of the same name is replaced."""
    from vedette.app import written

    plan = written.add(Settings.load(), file)
    print(f"{plan.name} added; a running service takes it up when it is started again")
    for sentence in written.about_models(Settings.load(), plan):
        print(sentence)


@services.command("remove")
def remove_service(name: Name) -> None:
    """Take a manifest of yours out of the folder; what was shipped under its name is there again."""
    from vedette.app import written

    written.remove(Settings.load(), name)
    print(f"{name} removed; a running service forgets it when it is started again")


@services.command("show")
def show_service(name: Name) -> None:
    """Print a manifest, to write another one after it."""
    from vedette.app import written

    print(written.text_of(Settings.load(), name), end="")
