"""`vedette broker`: where a project's streams go, beside a running service or without one."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from vedette.cli.stores import secret_of
from vedette.model.errors import InvalidParameter
from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

broker = typer.Typer(help="The brokers that events of a project's streams go to.", no_args_is_help=True)

Project = Annotated[str | None, typer.Option(help="Name or id of a project; may be left out where there is one.")]
Name = Annotated[str, typer.Argument(metavar="BROKER", help="Name of the broker.")]


@broker.command("add")
def add_broker(  # noqa: PLR0917 - each is an option of its own
    name: Name,
    kind: Annotated[str, typer.Option(help="`nats`, `redis`, `kafka`, `mqtt` or `dis`.")],
    server: Annotated[list[str], typer.Option(help="`host:port`, of `dis` an address; may be repeated.")],
    tls: Annotated[bool, typer.Option("--tls", help="Encrypt connections.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="Verify no certificate.")] = False,
    username: Annotated[str | None, typer.Option(help="User name; of `dis` the access key.")] = None,
    secret: Annotated[bool, typer.Option("--token", help="There is a password or token, but no user name.")] = False,
    password_file: Annotated[
        Path | None, typer.Option(help="File with the password; without it the standard input is read.")
    ] = None,
    dis_project_id: Annotated[str | None, typer.Option(help="Of `dis`: the project of the streams.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Stands before the names of streams.")] = None,
    stream: Annotated[list[str] | None, typer.Option(help="A stream that goes to it; may be repeated.")] = None,
    project: Project = None,
) -> None:
    """Register a broker."""
    from vedette.app import brokers

    with_secret = secret or username is not None
    if password_file is not None and not with_secret:
        raise InvalidParameter("--password-file goes with --username or --token.", param="password")
    fields: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "servers": server,
        "tls": True if tls else None,
        "tls_verify": False if insecure else None,
        "username": username,
        "password": secret_of(password_file, "Password") if with_secret else None,
        "dis_project_id": dis_project_id,
        "prefix": prefix,
        "streams": stream,
    }
    asyncio.run(brokers.add(Settings.load(), project, fields))
    print(f"{name} added")


@broker.command("list")
def list_brokers(project: Project = None) -> None:
    """List the brokers, without their passwords."""
    from vedette.app import brokers

    for one in asyncio.run(brokers.listed(Settings.load(), project)):
        streams = ", ".join(one.streams) or "all other streams"
        print(f"{one.name}  {one.kind}  {', '.join(one.servers)}  {one.prefix or '-'}  {streams}")


@broker.command("remove")
def remove_broker(name: Name, project: Project = None) -> None:
    """Forget a broker; what waits goes where its stream goes from then on."""
    from vedette.app import brokers

    asyncio.run(brokers.remove(Settings.load(), project, name))
    print(f"{name} removed")


@broker.command("check")
def check_broker(
    name: Name, stream: Annotated[str, typer.Argument(help="Name of a stream.")], project: Project = None
) -> None:
    """Connect and log in, and say why events of a stream would not be taken; nothing is written."""
    from vedette.app import brokers

    asyncio.run(brokers.check(Settings.load(), project, name, stream))
    print("usable")
