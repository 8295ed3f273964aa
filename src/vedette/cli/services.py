"""`vedette order`, `vedette service`, `vedette quota`: what an operator sells, beside a running service or without one."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from vedette.model.errors import InvalidParameter
from vedette.model.quota import Resource
from vedette.schemas.common import OBJECT_ID, matches
from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

order = typer.Typer(help="The resource orders of a project.", no_args_is_help=True)
service = typer.Typer(help="The algorithm services, and their terms.", no_args_is_help=True)
quota = typer.Typer(help="How much a project may have.", no_args_is_help=True)

Project = Annotated[str | None, typer.Option(help="Name or id of a project; may be left out where there is one.")]
USUAL = "default"
"""What sets a quota back to what the settings say."""


@order.command("add")
def add_order(
    streams: Annotated[int, typer.Option(min=1, help="How many tasks may hold a stream under it at once.")],
    order_id: Annotated[str | None, typer.Option("--id", help="Its id; one is made if it is left out.")] = None,
    service_name: Annotated[
        str | None, typer.Option("--service", help="The one service it is for; every one if it is left out.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="When it ends, such as 2027-01-31T18:00:00Z; never if it is left out.")
    ] = None,
    project: Project = None,
) -> None:
    """Register an order, and print its id."""
    from vedette.app import sales

    if order_id is not None and not matches(OBJECT_ID, order_id):
        raise InvalidParameter(f"--id does not have the form ^{OBJECT_ID}$.", param="id")
    added = asyncio.run(sales.add_order(Settings.load(), project, order_id, service_name, streams, expires))
    print(added.id)


@order.command("list")
def list_orders(project: Project = None) -> None:
    """List the registered orders."""
    from vedette.app import sales

    for one in asyncio.run(sales.list_orders(Settings.load(), project)):
        print(f"{one.id}  {one.service_name or 'every service'}  {one.stream_quota} streams  {_until(one.expires_at)}")


@order.command("remove")
def remove_order(
    order_id: Annotated[str, typer.Argument(metavar="ORDER", help="Id of the order.")], project: Project = None
) -> None:
    """Forget an order that no task names."""
    from vedette.app import sales

    asyncio.run(sales.remove_order(Settings.load(), project, order_id))
    print(f"{order_id} removed")


@service.command("list")
def list_services() -> None:
    """List the services, and whether they demand an order."""
    from vedette.algorithms.registry import Registry
    from vedette.app import sales

    settings = Settings.load()
    commercial = asyncio.run(sales.commercial(settings))
    for known in Registry.load(folder=settings.services_dir).services():
        print(f"{known.name.name}  {'demands an order' if known.name.name in commercial else 'free'}")


@service.command("terms")
def set_terms(
    name: Annotated[str, typer.Argument(metavar="SERVICE", help="Name of the service.")],
    commercial: Annotated[
        bool, typer.Option("--commercial/--free", help="Its tasks must name an order; with --free they need not.")
    ],
) -> None:
    """Say whether a service demands an order, in every project."""
    from vedette.app import sales

    asyncio.run(sales.set_commercial(Settings.load(), name, commercial=commercial))
    print(f"{name}  {'demands an order' if commercial else 'free'}")


@quota.command("show")
def show_quotas(project: Project = None) -> None:
    """Show what a project has and may have."""
    _set_quotas(project, {})


@quota.command("set")
def set_quotas(
    tasks: Annotated[str | None, typer.Option(help="How many tasks, or `default`.")] = None,
    sources: Annotated[str | None, typer.Option(help="How many video sources, or `default`.")] = None,
    groups: Annotated[str | None, typer.Option(help="How many video groups, or `default`.")] = None,
    project: Project = None,
) -> None:
    """Set quotas of a project; `default` is what the settings say."""
    given = {Resource.TASKS: tasks, Resource.SOURCES: sources, Resource.GROUPS: groups}
    _set_quotas(project, {resource: _limit(text) for resource, text in given.items() if text is not None})


def _set_quotas(project: str | None, limits: dict[Resource, int | None]) -> None:
    from vedette.app import sales

    for resource, usage in asyncio.run(sales.set_limits(Settings.load(), project, limits)).items():
        print(f"{resource}  {usage.used} of {usage.limit}")


def _limit(text: str) -> int | None:
    if text == USUAL:
        return None
    if not text.isascii() or not text.isdecimal() or int(text) >= 2**31:
        raise InvalidParameter(f"{text!r} is neither a number nor {USUAL}.", param="quota")
    return int(text)


def _until(at_ms: int | None) -> str:
    return (
        "without an end" if at_ms is None else f"until {datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    )
