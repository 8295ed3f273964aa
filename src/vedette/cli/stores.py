"""`vedette store`: where the buckets of a project are, beside a running service or without one."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from vedette.model.errors import InvalidParameter, Misconfigured
from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

store = typer.Typer(help="The object stores of a project, and what is in them.", no_args_is_help=True)

Project = Annotated[str | None, typer.Option(help="Name or id of a project; may be left out where there is one.")]
Name = Annotated[str, typer.Argument(metavar="STORE", help="Name of the store.")]


@store.command("add")
def add_store(  # noqa: PLR0917 - each is an option of its own
    name: Name,
    kind: Annotated[str, typer.Option(help="`s3`, `azure`, `gcs` or `folder`.")] = "s3",
    endpoint: Annotated[str | None, typer.Option(help="Its address, without bucket.")] = None,
    region: Annotated[str | None, typer.Option(help="Its region; us-east-1 if it is left out.")] = None,
    access_key: Annotated[str | None, typer.Option(help="Access key id, account or e-mail.")] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="File with the secret key; without it the standard input is read.")
    ] = None,
    virtual_host: Annotated[bool, typer.Option("--virtual-host", help="The bucket stands in the host's name.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="Verify no certificate.")] = False,
    folder: Annotated[str | None, typer.Option(help="Of `folder`: the folder whose sub-folders are buckets.")] = None,
    bucket: Annotated[list[str] | None, typer.Option(help="A bucket that is in it; may be repeated.")] = None,
    project: Project = None,
) -> None:
    """Register a store."""
    from vedette.app import stores

    fields: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "endpoint": endpoint,
        "region": region,
        "access_key": access_key,
        "secret_key": None if access_key is None else secret_of(secret_file, "Secret key"),
        "path_style": False if virtual_host else None,
        "tls_verify": False if insecure else None,
        "folder": folder,
        "buckets": bucket,
    }
    if access_key is None and secret_file is not None:
        raise InvalidParameter("--secret-file goes with --access-key.", param="access_key")
    asyncio.run(stores.add(Settings.load(), project, fields))
    print(f"{name} added")


@store.command("list")
def list_stores(project: Project = None) -> None:
    """List the stores, without their secrets."""
    from vedette.app import stores

    for one in asyncio.run(stores.listed(Settings.load(), project)):
        place = one.folder or one.address
        print(f"{one.name}  {one.kind}  {place}  {', '.join(one.buckets) or 'all other buckets'}")


@store.command("remove")
def remove_store(name: Name, project: Project = None) -> None:
    """Forget a store; tasks that are at work go on."""
    from vedette.app import stores

    asyncio.run(stores.remove(Settings.load(), project, name))
    print(f"{name} removed")


@store.command("check")
def check_store(
    name: Name,
    bucket: Annotated[str, typer.Argument(help="A bucket.")],
    path: Annotated[str, typer.Argument(help="Name of an object in it; with --write, of a folder.")],
    write: Annotated[bool, typer.Option("--write", help="Write a small object there, read it, remove it.")] = False,
    project: Project = None,
) -> None:
    """Try to read an object, or to write one, and say why it cannot be done."""
    from vedette.app import stores

    if write:
        found = asyncio.run(stores.check_writing(Settings.load(), project, name, bucket, path))
        if found.writable:
            print(f"writable, {'' if found.readable else 'not '}readable, {'' if found.removed else 'not '}removable")
            print("nothing stays" if found.removed else f"{found.name} stays in the bucket {bucket}")
        if found.failure is not None:
            raise found.failure
        return
    size = asyncio.run(stores.check(Settings.load(), project, name, bucket, path))
    print("readable" if size is None else f"readable, {size} bytes")


def secret_of(file: Path | None, what: str) -> str:
    """Return a secret: of a file, typed without an echo, or of the standard input; never an argument.

    Args:
        what: what it is, at the beginning of a sentence.

    Raises:
        Misconfigured: it cannot be read.
    """
    try:
        if file is not None:
            return file.read_text(encoding="utf-8").strip()
        if sys.stdin.isatty():
            return str(typer.prompt(what, hide_input=True))
        return sys.stdin.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{what}: it cannot be read: {error}.") from error
