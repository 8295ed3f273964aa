"""`vedette models`: which models are installed, what runs them, what they see."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from vedette.model.errors import Misconfigured, ModelError
from vedette.settings import Settings

# Each command imports what it needs, as in the commands of the package.
# ruff: noqa: PLC0415

models = typer.Typer(help="The models of this installation.", no_args_is_help=True)

Manifest = Annotated[Path | None, typer.Option(help="Manifest of a model that is not in the catalogue.")]


@models.command("list")
def list_models() -> None:
    """List the installed models with what runs them, and those that can be pulled."""
    from vedette.algorithms import manifests
    from vedette.app.models import Desk

    listed = Desk(Settings.load()).listed()
    for each in listed:
        manifest = each.model.manifest
        runs = "not measured yet" if each.choice is None else _runs(each.choice, manifest)
        state = each.model.problem or "installed"
        print(f"{manifest.name}  {state}  {manifest.licence}  {', '.join(manifest.roles)}  {runs}")
    names = {each.model.manifest.name for each in listed}
    for known in manifests.catalogue():
        manifest = known.manifest
        if manifest.name not in names:
            print(f"{manifest.name}  not installed  {manifest.licence}  {', '.join(manifest.roles)}")


@models.command("add")
def add_model(file: Annotated[Path, typer.Argument(help="An ONNX file.")], manifest: Manifest = None) -> None:
    """Try a model file, and take it into the store."""
    from vedette.app.models import Desk

    made, choice = Desk(Settings.load()).add(file, manifest)
    print(f"{made.name} installed: {_runs(choice, made)}")


@models.command("pull")
def pull_model(
    what: Annotated[str, typer.Argument(metavar="NAME_OR_URL", help="A name of the catalogue, or an address.")],
    manifest: Manifest = None,
) -> None:
    """Fetch a model, try it, and take it into the store."""
    from vedette.app.models import Desk

    made, choice = Desk(Settings.load()).pull(what, manifest)
    print(f"{made.name} installed: {_runs(choice, made)}")


@models.command("remove")
def remove_model(name: Annotated[str, typer.Argument(help="An installed model.")]) -> None:
    """Take a model out of the store; tasks that run with it go on with it until they end."""
    from vedette.algorithms.models import ModelStore

    ModelStore(Settings.load().models_dir).remove(name)
    print(f"{name} removed")


@models.command("check")
def check_model(
    what: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="An installed model, or an ONNX file.")],
    manifest: Manifest = None,
    picture: Annotated[Path | None, typer.Option(help="A picture; without it one is invented.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for the picture with what was seen on it, as JPEG.")] = None,
    engine: Annotated[str | None, typer.Option(help="`onnxruntime` or `openvino`; else the one that runs it.")] = None,
    seconds: Annotated[float, typer.Option(help="How long it may take.", min=1)] = 60.0,
    memory: Annotated[int, typer.Option(help="MiB it may take, besides four times its file.", min=64)] = 2048,
) -> None:
    """Run a model on a picture, in a process of its own, and show what it sees."""
    from vedette.algorithms.inference import proof
    from vedette.app.models import Desk, drawn

    if engine not in {None, "onnxruntime", "openvino"}:
        raise Misconfigured("--engine is onnxruntime or openvino.")
    if out is not None and picture is None:
        raise Misconfigured("--out goes with --picture.")
    desk, limits = Desk(Settings.load()), proof.Limits(seconds, memory << 20)
    path, described = desk.find(what, manifest)
    if described is None:
        _ports(path.name, proof.ports(path, limits))
        return
    told = desk.check(path, described, picture, engine, limits)
    print(f"{described.name}: a {described.kind}, {_runs(told, described)} of a processor a picture, ", end="")
    print(f"{told.memory >> 20} MiB")
    _table(told.seen)
    if out is not None and picture is not None:
        try:
            out.write_bytes(drawn(picture, list(told.seen)))
        except OSError as error:
            raise ModelError(f"{out} cannot be written: {error.strerror}.") from error


@models.command("quantise")
def quantise_model(
    name: Annotated[str, typer.Argument(help="An installed float model.")],
    clip: Annotated[str, typer.Option(help="File or URL of a video of scenes like those the model will see.")],
    pictures: Annotated[int, typer.Option(help="Pictures taken of it; half are for the comparison.", min=16)] = 96,
    called: Annotated[str, typer.Option("--as", help="Name of the new model; else the old one's with -int8.")] = "",
    rank: Annotated[int | None, typer.Option(help="Its rank; else one less than the old one's.")] = None,
) -> None:
    """Make an int8 model of a float one: smaller, quicker on most processors, a little less exact."""
    from vedette.app.models import Desk

    def tell(count: int) -> None:
        if sys.stderr.isatty():
            typer.echo(f"\r{count} pictures", nl=False, err=True)

    desk = Desk(Settings.load())
    made, before, after = desk.quantise(name, clip, pictures, called, rank, tell)
    listed = {model.manifest.name: model.manifest for model in desk.store.list()}
    new = made.manifest.name
    print(f"{name}  {listed[name].size / 1e6:.2f} MB  {_runs(before, listed[name])}")
    print(f"{new}  {made.manifest.size / 1e6:.2f} MB  {_runs(after, made.manifest)}")
    print(f"agreement on {made.compared} other pictures: {made.agreement:.3f}")
    if after.ms > before.ms:
        print("It is no quicker on this machine.")


def _runs(choice: Any, manifest: Any) -> str:
    """Say what runs a model: how it counts if the file is a float one, else which numbers the file has."""
    numbers = choice.arithmetic if manifest.precision == "fp32" else manifest.precision
    return f"{choice.engine} {numbers}, {choice.ms:.1f} ms"


def _ports(name: str, told: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Say what a file has that nothing describes: enough to write its manifest."""
    print(f"{name}: nothing describes it yet; with a manifest (--manifest) it can be run")
    for kind in ("inputs", "outputs"):
        for port, shape, element in told[kind]:
            print(f"  {kind[:-1]} {port}: {' x '.join(str(size) for size in shape) or 'one number'}, {element}")


def _table(seen: Sequence[Mapping[str, Any]]) -> None:
    if not seen:
        print("it sees nothing")
    for row in seen:
        if "numbers" in row:
            print(f"  a vector of {row['numbers']} numbers, {row['length']} long")
            continue
        box = "  ".join(f"{value:7.1f}" for value in row.get("box", ()))
        print(f"  {row['label']:20} {row['score']:.3f}  {box}".rstrip())
