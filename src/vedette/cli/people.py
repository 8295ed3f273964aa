"""Users, projects, roles and access keys, beside a running service: whoever has the machine minds the installation."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from vedette.model.errors import InvalidParameter
from vedette.settings import Settings

user = typer.Typer(help="Who may log in.", no_args_is_help=True)
project = typer.Typer(help="The projects.", no_args_is_help=True)
role = typer.Typer(help="Who may do what in which project.", no_args_is_help=True)
key = typer.Typer(help="Access keys.", no_args_is_help=True)

UserName = Annotated[str, typer.Argument(metavar="USER", help="Name or id of a user.")]
ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="Name or id of a project.")]
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="`te_admin`, `admin`, `operator` or `viewer`.")]
Description = Annotated[str, typer.Option(help="What it is.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from the standard input.")]
Ask = Annotated[bool, typer.Option("--ask", help="Ask for the password on the terminal.")]


def _do(work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do something at the operator's desk (`vedette.app.people.Desk`), and return what comes of it."""
    from vedette.app import operator  # noqa: PLC0415 - other commands must not load a database

    async def run() -> Any:
        async with operator.desk(Settings.load()) as desk:
            return await work(desk)

    return asyncio.run(run())


def _password(*, stdin: bool, ask: bool) -> str | None:
    """Return the password somebody gives; None for one to be generated."""
    if stdin and ask:
        raise InvalidParameter("--password-stdin and --ask exclude one another.", param="ask")
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True)) if ask else None


@user.command("add")
def add_user(
    name: Annotated[str, typer.Argument(help="Name of the user.")],
    project_name: Annotated[str | None, typer.Option("--project", help="Project they get a role in.")] = None,
    role_name: Annotated[str, typer.Option("--role", help="That role.")] = "viewer",
    description: Description = "",
    password_stdin: PasswordStdin = False,
    ask: Ask = False,
) -> None:
    """Make a user; a password that is not given is generated, and printed this once."""
    given = _password(stdin=password_stdin, ask=ask)
    made, password = _do(lambda desk: desk.add_user(name, given, description, project_name, role_name))
    print(f"user {made.name}  {made.id}")
    if given is None:
        print(f"password {password}")


@user.command("list")
def list_users(
    project_name: Annotated[str | None, typer.Option("--project", help="Those of a project.")] = None,
) -> None:
    """List the users."""
    for found in _do(lambda desk: desk.users(project_name)):
        print(f"{found.name}  {found.id}  {'enabled' if found.enabled else 'disabled'}  {found.description}".rstrip())


@user.command("remove")
def remove_user(name: UserName) -> None:
    """Remove a user with their roles, tokens and keys."""
    print(f"user {_do(lambda desk: desk.remove_user(name)).name} removed")


@user.command("password")
def set_password(name: UserName, password_stdin: PasswordStdin = False, ask: Ask = False) -> None:
    """Give a user another password, generated if none is given; their tokens end."""
    given = _password(stdin=password_stdin, ask=ask)
    changed, password = _do(lambda desk: desk.set_password(name, given))
    print(f"password of {changed.name} changed; their tokens have ended")
    if given is None:
        print(f"password {password}")


@user.command("enable")
def enable_user(name: UserName) -> None:
    """Let a user in again."""
    print(f"user {_do(lambda desk: desk.enable_user(name, enabled=True)).name} enabled")


@user.command("disable")
def disable_user(name: UserName) -> None:
    """Refuse a user's log-ins, tokens and keys from now on."""
    print(f"user {_do(lambda desk: desk.enable_user(name, enabled=False)).name} disabled")


@project.command("add")
def add_project(
    name: Annotated[str, typer.Argument(help="Name of the project.")], description: Description = ""
) -> None:
    """Make a project."""
    made = _do(lambda desk: desk.add_project(name, description))
    print(f"project {made.name}  {made.id}")


@project.command("list")
def list_projects() -> None:
    """List the projects."""
    for found in _do(lambda desk: desk.projects()):
        print(f"{found.name}  {found.id}  {'enabled' if found.enabled else 'disabled'}  {found.description}".rstrip())


@project.command("remove")
def remove_project(name: ProjectName) -> None:
    """Remove a project that is empty."""
    print(f"project {_do(lambda desk: desk.remove_project(name)).name} removed")


@project.command("allow")
def allow_project(
    name: ProjectName,
    places: Annotated[
        list[str] | None, typer.Argument(metavar="[PLACE]...", help="Addresses, networks and host names: all of them.")
    ] = None,
    nothing: Annotated[bool, typer.Option("--nothing", help="Nothing more than the guard lets through.")] = False,
) -> None:
    """Say what the webhooks of a project may reach besides what the guard lets through; without places, show it."""
    from vedette.app import deliveries  # noqa: PLC0415 - other commands must not load a database

    if nothing and places:
        raise InvalidParameter("--nothing goes without places.", param="guard_allow")
    wanted = [] if nothing else places or None
    for place in asyncio.run(deliveries.allow(Settings.load(), name, wanted)):
        print(place)


@role.command("grant")
def grant(user_name: UserName, project_name: ProjectName, role_name: RoleName) -> None:
    """Give a user a role in a project."""
    _do(lambda desk: desk.grant(user_name, project_name, role_name))
    print(f"{user_name} is {role_name} in {project_name}")


@role.command("revoke")
def revoke(user_name: UserName, project_name: ProjectName, role_name: RoleName) -> None:
    """Take a role from a user; with the last one they leave the project."""
    _do(lambda desk: desk.revoke(user_name, project_name, role_name))
    print(f"{user_name} is no longer {role_name} in {project_name}")


@role.command("list")
def list_roles() -> None:
    """List who has which roles."""
    for place in _do(lambda desk: desk.places()):
        print(f"{place.project_name}  {place.user_name}  {', '.join(place.roles)}")


@key.command("add")
def add_key(user_name: UserName, project_name: ProjectName, description: Description = "") -> None:
    """Make an access key for a user in a project; its secret is printed this once."""
    made, secret = _do(lambda desk: desk.add_key(user_name, project_name, description))
    print(f"access key {made.access_key}")
    print(f"secret key {secret}")


@key.command("list")
def list_keys(user_name: UserName) -> None:
    """List the access keys of a user."""
    for found in _do(lambda desk: desk.keys(user_name)):
        state = "active" if found.enabled else "inactive"
        print(f"{found.access_key}  {found.project_id}  {state}  {found.description}".rstrip())


@key.command("remove")
def remove_key(access_key: Annotated[str, typer.Argument(help="The access key.")]) -> None:
    """Remove an access key."""
    _do(lambda desk: desk.remove_key(access_key))
    print(f"access key {access_key} removed")
