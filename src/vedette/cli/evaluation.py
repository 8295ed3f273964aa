"""`vedette eval`: a service against the truth of clips."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vedette.settings import Settings

# Each command brings what it needs itself: none waits for what another loads.
# ruff: noqa: PLC0415

VIDEOS = frozenset({".mp4", ".mkv", ".avi", ".mov", ".ts", ".webm", ".m4v", ".flv"})


def evaluate(  # noqa: PLR0917 - each is an option of its own
    clip: Annotated[Path, typer.Argument(help="A clip, or a folder of clips with their truth beside them.")],
    service: Annotated[str, typer.Option(help="Algorithm service, such as c-intrusiondetection-cloud.")],
    truth: Annotated[
        list[Path] | None,
        typer.Option(
            help="File of MOTChallenge, COCO or CVAT, or list of events; of a folder those named as the clip."
        ),
    ] = None,
    config: Annotated[str, typer.Option(help="`config.common` as JSON.")] = "{}",
    version: Annotated[str | None, typer.Option(help="Of the service; the newest if it is not said.")] = None,
    against: Annotated[str | None, typer.Option(help="Another version, side by side on the same pictures.")] = None,
    against_config: Annotated[str | None, typer.Option(help="Another `config.common`, side by side.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Class that is scored; those of the truth if none is said.")
    ] = None,
    scale: Annotated[float, typer.Option(help="Pixels of the clip per pixel of the truth.")] = 1.0,
    truth_fps: Annotated[float | None, typer.Option(help="Pictures a second, where events name pictures.")] = None,
    every_picture: Annotated[
        bool, typer.Option(help="Analyse each picture, not as many as the service asks for.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for report.html and report.json.")] = None,
) -> None:
    """Run a service on clips and score it: AP, MOTA, IDF1, HOTA, and events by precision, recall, F1 and delay."""
    from vedette.app import evaluating
    from vedette.evaluation import formats, page, scores

    settings, columns = Settings.load(), _columns(config, version, against, against_config)
    results = []
    for video, files in _clips(clip, truth or []):
        known = formats.read(files[0], scale=scale, fps=truth_fps)
        for file in files[1:]:
            known = known.plus(formats.read(file, scale=scale, fps=truth_fps))
        moments = [event.time for event in known.events or ()]
        runs = [
            evaluating.run(settings, str(video), service, common, version=of, every_picture=every_picture, keep=moments)
            for of, common in columns
        ]
        for warning in dict.fromkeys(
            warning for seen in runs for warning in (*seen.warnings, *scores.untold(known, seen))
        ):
            typer.echo(f"warning: {warning}", err=True)
        results.append([scores.judge(known, seen, label or ()) for seen in runs])
    documents = [scores.document(run) for runs in results for run in runs]
    print(json.dumps(documents, indent=1, ensure_ascii=False))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").write_text(json.dumps(documents, indent=1, ensure_ascii=False), encoding="utf-8")
        (out / "report.html").write_text(page.page(f"{service} against the truth", results), encoding="utf-8")


def _columns(
    config: str, version: str | None, against: str | None, against_config: str | None
) -> list[tuple[str | None, dict[str, Any]]]:
    """Return version and configuration of each run."""
    columns = [(version, _object(config))]
    if against is not None or against_config is not None:
        columns.append((against or version, _object(against_config or config)))
    return columns


def _clips(clip: Path, truth: list[Path]) -> list[tuple[Path, list[Path]]]:
    """Return clips with the files of their truth."""
    if not clip.is_dir():
        if not truth:
            raise typer.BadParameter("a clip needs its truth", param_hint="--truth")
        return [(clip, truth)]
    videos = sorted(path for path in clip.iterdir() if path.suffix.lower() in VIDEOS)
    found = [
        (
            video,
            sorted(
                p for p in clip.glob(f"{video.stem}.*") if p.suffix.lower() in {".txt", ".json", ".xml", ".csv", ".zip"}
            ),
        )
        for video in videos
    ]
    known = [(video, files) for video, files in found if files]
    if not known:
        raise typer.BadParameter("no clip of this folder has a truth beside it, such as clip.gt.txt", param_hint="CLIP")
    return known


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"is not JSON: {error}", param_hint="--config") from None
    if not isinstance(found, dict):
        raise typer.BadParameter("must be a JSON object", param_hint="--config")
    return found
