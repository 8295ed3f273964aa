"""The command line. Errors are one clear line, never a traceback."""

import asyncio
import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from vedette.cli import (
    brokers,
    deliveries,
    devices,
    evaluation,
    freezing,
    models,
    people,
    rollouts,
    services,
    stores,
    written,
)
from vedette.model.errors import InvalidParameter, Misconfigured, VedetteError
from vedette.model.pictures import ORIGIN, split
from vedette.settings import Settings
from vedette.telemetry import logs

# Each command imports what it needs: `vedette models list` must not load a web server, nor `serve` a decoder.
# ruff: noqa: PLC0415

app = typer.Typer(
    help="Video analysis tasks over REST: the VIAS v2 API on your own machines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
source = typer.Typer(help="The registered video sources.", no_args_is_help=True)
app.add_typer(models.models, name="models")
app.add_typer(source, name="source")
app.add_typer(people.user, name="user")
app.add_typer(people.project, name="project")
app.add_typer(people.role, name="role")
app.add_typer(people.key, name="key")
app.add_typer(services.order, name="order")
app.add_typer(services.service, name="service")
app.add_typer(written.services, name="services")
app.add_typer(services.quota, name="quota")
app.add_typer(rollouts.rollout, name="rollout")
app.add_typer(freezing.freeze, name="freeze")
app.add_typer(freezing.thaw, name="thaw")
app.add_typer(devices.devices, name="devices")
app.add_typer(stores.store, name="store")
app.add_typer(brokers.broker, name="broker")
app.add_typer(deliveries.dead_letters, name="dead-letters")


def run() -> None:
    """Run the command line; leave with status 1 after an error of ours, 130 after Ctrl-C.

    What commands print is for other programs, so what is logged goes to standard error; `serve` sets up its own log.
    """
    logs.configure("warning", json_lines=False)
    try:
        app()
    except VedetteError as error:
        typer.echo(f"vedette: {error.message}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(141)
    except KeyboardInterrupt:
        sys.exit(130)


@app.command()
def serve() -> None:
    """Run the service until it is told to stop; settings come from the environment or vedette.toml."""
    from vedette.app import service

    asyncio.run(service.serve(Settings.load()))


@app.command()
def demo(
    video: Annotated[
        str | None, typer.Option(help="File or URL (http, ftp, rtsp, rtmp); without it a scene is generated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for pictures and the generated scene.")] = Path("demo-output"),
    seconds: Annotated[float, typer.Option(help="How long a source that may have no end is watched.")] = 60.0,
) -> None:
    """Start a service of its own, create a task over REST, and show the events as they arrive."""
    from vedette import demo as client

    raise typer.Exit(client.run(video, out, [sys.executable, "-m", "vedette", "serve"], seconds=seconds))


@app.command("run")
def run_video(
    video: Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="The video.")],
    service: Annotated[str, typer.Option(help="Algorithm service, such as c-intrusiondetection-cloud.")],
    config: Annotated[str, typer.Option(help="`config.common` as JSON.")] = "{}",
    out: Annotated[Path | None, typer.Option(help="Folder for the pictures of the events.")] = None,
) -> None:
    """Analyse a video without a server: events as JSON lines, a progress bar on a terminal."""
    from vedette.app import single

    common = _object(config)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)

    def on_event(event: Any) -> None:
        message = dict(event.message)
        if event.picture is not None:
            message |= _pictures(event, out)
        message["media_time"] = event.position.time_us / 1e6
        print(json.dumps(message, ensure_ascii=False), flush=True)

    with _progress() as advance:
        summary = single.watch(
            Settings.load(),
            video,
            service,
            common,
            on_event=on_event,
            on_frame=lambda frame, _: advance(frame.time),
            on_away=lambda reason: typer.echo(f"no pictures: {reason}", err=True),
        )
    for warning in summary.warnings:
        typer.echo(f"warning: {warning}", err=True)
    said = "; ".join(filter(None, (f"{summary.frames} frames analysed, {summary.events} events", summary.note)))
    typer.echo(said, err=True)


app.command("eval")(evaluation.evaluate)


@app.command()
def algorithms() -> None:
    """List the algorithm services."""
    from vedette.algorithms.registry import Registry

    registry = Registry.load(folder=Settings.load().services_dir)
    for service in registry.services():
        versions = registry.versions(service.name.name)
        print(f"{service.name.name}  {', '.join(versions)}  {service.manifest.title_en}")
    for name, reason in registry.broken.items():
        typer.echo(f"vedette: {name} cannot be used: {reason}", err=True)


@app.command()
def migrate() -> None:
    """Bring the schema of the database up to date."""
    from vedette.app import operator

    done = asyncio.run(operator.migrate(Settings.load()))
    print("the schema was brought up to date" if done else "the schema is up to date")


@source.command("import")
def import_sources(
    file: Annotated[Path, typer.Argument(help="JSON list or JSON lines of sources with their ids.")],
    project: Annotated[str | None, typer.Option(help="Project id; may be left out where there is one.")] = None,
) -> None:
    """Register video sources under given ids, for people who migrate and keep theirs."""
    from vedette.app import operator

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}.") from error
    report = asyncio.run(operator.register_sources(Settings.load(), text, project))
    for name, reason in report.refused:
        typer.echo(f"refused {name}: {reason}", err=True)
    print(f"{len(report.added)} added, {len(report.unchanged)} there already, {len(report.refused)} refused")
    if report.refused:
        raise typer.Exit(1)


def _pictures(event: Any, out: Path | None) -> dict[str, str]:
    """Return the pictures of an event as its message shows them; in a folder they become files."""
    kept = split(event.picture)
    shown = [picture for picture in kept if picture is not None]
    if out is None:
        texts = (base64.b64encode(picture).decode() for picture in shown)
        return dict(zip(("image_base64", "origin_image_base64"), texts, strict=False))
    names = {}
    for name, ending, picture in zip(("picture", "origin_picture"), (".jpg", ORIGIN), shown, strict=False):
        path = out / f"{event.id}{ending}"
        path.write_bytes(picture)
        names[name] = str(path)
    return names


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidParameter(f"--config is no JSON: {error}.", param="config") from None
    if not isinstance(value, dict):
        raise InvalidParameter("--config must be a JSON object.", param="config")
    return value


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """Show how far the video has come, if there is somebody to look."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.fields[at]:.1f} s of video"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task("", at=0.0)
        yield lambda at: bar.update(job, at=at)
