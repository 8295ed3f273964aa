"""`vedette devices`: the cameras of a project, and the search for them, beside a running service or without one."""

import asyncio
import socket
import sys
from typing import Annotated

import typer

from vedette.model.device import CAMERA, ONVIF, ONVIF_PASSWORD, ONVIF_PROFILE, ONVIF_USER, RTSP, TYPE_TAG, shown
from vedette.model.errors import InvalidParameter
from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

devices = typer.Typer(help="The edge devices of a project, and the search for cameras.", no_args_is_help=True)

Project = Annotated[str | None, typer.Option(help="Name or id of a project; may be left out where there is one.")]
User = Annotated[str | None, typer.Option(help="Whom to ask a camera as.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read their password from the standard input, instead of asking.")
]


@devices.command("add")
def add_device(  # noqa: PLR0917 - each is an option of its own
    name: Annotated[str, typer.Argument(help="Name of the camera.")],
    rtsp: Annotated[str | None, typer.Option(help="Address of its stream; `-` reads it from the input.")] = None,
    onvif: Annotated[str | None, typer.Option(help="Address of its ONVIF device service, which tells that.")] = None,
    user: User = None,
    password_stdin: PasswordStdin = False,
    profile: Annotated[str | None, typer.Option(help="Token or name of the ONVIF profile.")] = None,
    device_id: Annotated[str | None, typer.Option("--id", help="Its id; one is made if it is left out.")] = None,
    description: Annotated[str, typer.Option(help="What it is.")] = "",
    project: Project = None,
) -> None:
    """Register a camera, and print its id: the `id` of `edgecamera` inputs."""
    from vedette.app import devices as desk

    if (rtsp is None) == (onvif is None):
        raise InvalidParameter("A camera needs --rtsp or --onvif, and not both.", param="rtsp")
    given = {
        RTSP: sys.stdin.readline().strip() if rtsp == "-" else rtsp,
        ONVIF: onvif,
        ONVIF_USER: user,
        ONVIF_PASSWORD: _password(user, stdin=password_stdin),
        ONVIF_PROFILE: profile,
    }
    fields = {
        "id": device_id,
        "name": name,
        "description": description,
        "attributes": {key: {"value": value} for key, value in given.items() if value is not None},
        "tags": [{"key": TYPE_TAG, "value": CAMERA}],
    }
    print(asyncio.run(desk.add(Settings.load(), project, fields)).id)


@devices.command("list")
def list_devices(project: Project = None) -> None:
    """List the edge devices, newest first, without their passwords."""
    from vedette.app import devices as desk

    for one in asyncio.run(desk.listed(Settings.load(), project)):
        place = shown(RTSP, one.value(RTSP) or one.value(ONVIF)) or "no address"
        print(f"{one.id}  {one.name}  {one.tags.get(TYPE_TAG, 'no type')}  {place}  {one.description}".rstrip())


@devices.command("remove")
def remove_device(
    device_id: Annotated[str, typer.Argument(metavar="DEVICE", help="Id of the device.")], project: Project = None
) -> None:
    """Remove an edge device that no task and no video source refers to."""
    from vedette.app import devices as desk

    asyncio.run(desk.remove(Settings.load(), project, device_id))
    print(f"{device_id} removed")


@devices.command("discover")
def discover(
    address: Annotated[
        str | None,
        typer.Argument(metavar="HOST_OR_URL", help="One host, or the address of one device service; else the network."),
    ] = None,
    user: User = None,
    password_stdin: PasswordStdin = False,
    seconds: Annotated[float, typer.Option(help="How long to wait for answers.")] = 3.0,
    interface: Annotated[list[str] | None, typer.Option(help="Search by this interface only; may be repeated.")] = None,
) -> None:
    """Search for ONVIF cameras on the network of this machine; with a user, tell which streams they offer."""
    from vedette.app import devices as desk

    names = {name for _, name in socket.if_nameindex()}
    if unknown := set(interface or ()) - names:
        raise InvalidParameter(f"There is no interface {min(unknown)}; there are {', '.join(sorted(names))}.")
    fields = {
        "address": address,
        "username": user,
        "password": _password(user, stdin=password_stdin),
        "seconds": seconds,
    }
    found = asyncio.run(desk.discover(Settings.load(), fields, tuple(interface or ())))
    for one in found.devices:
        print(
            f"{one.found.address}  {shown(ONVIF, one.service) or '-'}  {one.found.name}  {one.found.hardware}".rstrip()
        )
        for offer in one.offers or ():
            profile = offer.profile
            size = f"{profile.width}x{profile.height}"
            _tell(f"  {profile.token}  {profile.name}  {profile.encoding}  {size}  {shown(RTSP, offer.url)}")
        if one.failure is not None:
            _tell(f"  {one.failure.message}")
    typer.echo(f"{len(found.devices)} found, {found.refused} refused by the guard", err=True)


def _tell(line: str) -> None:
    """Print what strangers on the network said, without signs that a terminal would obey."""
    print("".join(sign for sign in line.rstrip() if sign.isprintable()))


def _password(user: str | None, *, stdin: bool) -> str | None:
    """Return the password of a user, typed or of the standard input; None if there is no user."""
    if user is None:
        if stdin:
            raise InvalidParameter("--password-stdin goes with --user.", param="user")
        return None
    if stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True))
