"""Write the reference pages that are made from the code.

`gen_docs.py` writes them, `gen_docs.py --check` fails if one of them is not what would be written.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from itertools import groupby
from pathlib import Path
from typing import Any

import typer
from api_page import api_page
from defusedxml.ElementTree import fromstring

from vedette import cli
from vedette.algorithms import registry
from vedette.algorithms.base import EventKind, Manifest
from vedette.algorithms.messages import message_schema
from vedette.algorithms.parameters import unit_of
from vedette.api import vas_errors
from vedette.api.errors import status_of
from vedette.model import errors, lifecycle
from vedette.settings import PREFIX, Settings

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
ANSWERED = (errors.CallerError, errors.Unavailable)
"""What requests are refused with."""
MADE = "<!-- Made by scripts/gen_docs.py from {source}; edit that, not this. -->"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def settings() -> str:
    """Return the page of the settings."""
    parts = [
        "# Settings",
        MADE.format(source="src/vedette/settings.py"),
        (
            "Each setting is read from the environment, or from a TOML file under the name in lower case without "
            f"`{PREFIX}`; the environment wins. `VEDETTE_CONFIG` names the file; without it `vedette.toml` in the folder "
            "where the service is started is read, if it is there. An empty variable counts as unset. A name that nobody "
            "knows and a value that breaks its rule stop the start with one line that says which."
        ),
        (
            "Lists are texts with a separator, or JSON lists; in the file they are TOML lists. In Kubernetes, set "
            "`enableServiceLinks: false`: a Service called `vedette` would otherwise put variables of its own beside these."
        ),
    ]
    for group, rows in groupby(Settings.table(), key=lambda row: row.group):
        parts += [
            f"## {group}",
            table(
                ("variable", "value", "default", "unit", "what it does"),
                ((f"`{PREFIX}{row.name.upper()}`", row.kind, row.default, row.unit, row.sentence) for row in rows),
            ),
        ]
    parts += [
        "## Variables that are no settings",
        table(
            ("variable", "what it does"),
            (
                ("`VEDETTE_CONFIG`", "Names the settings file."),
                ("`VEDETTE_TEST_DATA`", "Folder of clips and models for the tests; default `../shared/data`."),
                ("`VEDETTE_TEST_STRICT`", "`1`: a test that lacks a neighbour or its data fails instead of skipping."),
            ),
        ),
    ]
    return "\n\n".join(parts)


def _tree(kind: type[errors.VedetteError]) -> Iterable[type[errors.VedetteError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


def error_page() -> str:
    """Return the page of the errors."""
    parts = [
        "# Errors",
        MADE.format(source="src/vedette/model/errors.py"),
        (
            "A refused request is answered with six keys: `error_code`, `error_msg` (a short text), `detail` (what "
            "happened, in this case), `params` (the field at fault, if one is), `reason` and `advice`. A task that failed "
            "carries `code` and `message` in its `error`. Codes that begin with `VIAS.` and `APIGW.` are the published "
            "ones, some of which stand for several things; codes that begin with `VEDETTE.` are ours. *Status* is the "
            "HTTP status of an answer with this error; errors of sources, destinations and workers mostly appear in tasks "
            "and logs. *Transient* means that the service itself tries again."
        ),
        table(
            ("code", "name", "status", "what happened", "reason", "advice", "transient"),
            (
                (
                    f"`{k.code}`",
                    f"`{k.__name__}`",
                    str(status_of(k("")) if issubclass(k, ANSWERED) else ""),
                    _first(k),
                    k.reason,
                    k.advice,
                    "yes" if k.transient else "",
                )
                for k in _tree(errors.VedetteError)
            ),
        ),
        "## In the older dialect",
        "The operations of VAS answer with `error_code` and `error_msg` alone, and with codes of their own.",
        table(
            ("code", "status", "what happened"),
            [
                *((f"`{code}`", str(status), _first(kind)) for kind, (status, code) in vas_errors.CODES.items()),
                (f"`{vas_errors.BAD_PROJECT[1]}`", str(vas_errors.BAD_PROJECT[0]), "The project id has no valid form."),
            ],
        ),
    ]
    return "\n\n".join(parts)


def _first(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


S = lifecycle.State
MEANING = {
    S.PENDING: "It is to run, and waits for room or for its turn; `status` says what is short.",
    S.STARTING: "A worker has taken it, and opens its source.",
    S.RUNNING: "Pictures flow.",
    S.ABNORMAL: "It is to run and its source gives no pictures; it is tried again, and `error` says why.",
    S.RECOVERING: "Its worker was lost; it is started again by itself.",
    S.UPGRADING: "It is brought to another version of its service, or back.",
    S.STOPPING: "It was stopped, and something of it still runs.",
    S.STOPPED: "It rests: somebody stopped it, or its timetable, or what `status` says.",
    S.CREATE_FAILED: "Nothing here can ever run it: its algorithm is not installed, or not in that version; `error` says what is.",
    S.START_FAILED: "Its source cannot be used, and no retry cures that; `error` says why, `status` what to do.",
    S.SUCCEEDED: "Its file was read to the end.",
    S.FAILED: "It gave up; `error` says why, `status` what to do.",
    S.FREEZING: "It is being frozen, and something of it still runs.",
    S.FROZEN: "Something forbids it to run; `status` says what, and what helps: see [freezes](../howto/freezing.md).",
    S.DELETING: "It is removed as soon as nothing of it runs any more.",
}


def states() -> str:
    """Return the page of the task states, with the picture drawn from the table."""
    edges: dict[tuple[str, str], list[str]] = {}
    for state, moves in lifecycle.TRANSITIONS.items():
        for signal, following in moves.items():
            edges.setdefault((state.value, following.value), []).append(signal.value)
    picture = ["```mermaid", "stateDiagram-v2", "    [*] --> PENDING"]
    picture += [f"    {a} --> {b}: {', '.join(signals)}" for (a, b), signals in edges.items()]
    picture += ["    DELETING --> [*]", "```"]
    kinds = (
        (lifecycle.WANTED, "is to run"),
        (lifecycle.CLEARING, "waits until nothing of it runs any more"),
        (lifecycle.RESTING, "rests"),
    )
    parts = [
        "# States of a task",
        MADE.format(source="src/vedette/model/lifecycle.py"),
        (
            "A task is always in one of fifteen states. What moves it is a signal: somebody asks for something (`start`, "
            "`stop`, `upgrade`, `freeze`, `thaw`, `delete`), or the data plane tells something. A signal that a state does "
            "not know is refused with `VIAS.00010012` when a user sent it, and passed over when the data plane told it."
        ),
        (
            "A live source that is away is tried again without limit: the task is `ABNORMAL` meanwhile, and `RUNNING` comes "
            "only with a picture. `START_FAILED` is for what no retry cures, such as a wrong address or a file that is no "
            "video. A task for which no worker has room stays `PENDING`; its `status` says so. A crash leads through "
            "`RECOVERING`; `FAILED` comes when a task's worker was lost more than `VEDETTE_CRASH_BUDGET` times in a row, each "
            "time before it had run for five seconds: see [when something fails](recovery.md). A file that was read to its "
            "end is `SUCCEEDED`."
        ),
        (
            "Every move is kept with its time, its cause and who made it: `GET /vedette/v1/{project_id}/tasks/{task_id}/history`. "
            "For how long is said under [what is kept](retention.md)."
        ),
        "\n".join(picture),
        table(
            ("state", "what it means", "the task", "left by signal → to"),
            (
                (
                    f"`{state.value}`",
                    MEANING[state],
                    next(words for members, words in kinds if state in members),
                    ", ".join(f"{s.value} → `{t.value}`" for s, t in moves.items()) or "the record is removed",
                )
                for state, moves in lifecycle.TRANSITIONS.items()
            ),
        ),
    ]
    return "\n\n".join(parts)


def services() -> str:
    """Return the page of the services: what each takes and tells."""
    parts = [
        "# Services",
        MADE.format(source="the manifests of the algorithms"),
        (
            "A service is an algorithm published under a name, as in "
            "`POST /v2/{project_id}/services/{service_name}/tasks`. Its parameters are the keys of `config.common`; all "
            "are optional. Numbers may be sent as texts. A key that is not in the table is kept, given back, and named as "
            'a warning in the task\'s `status`. `target_roi` is a JSON text: `{"polygons": [{"data": [[x, y], …], '
            '"name": "…"}], "lines": [{"data": [[x, y], [x, y]]}]}`, in pixels of the source; without it the '
            "region is the whole picture."
        ),
    ]
    by_algorithm: dict[str, list[registry.Service]] = {}
    for service in _ours().services():
        by_algorithm.setdefault(service.manifest.name, []).append(service)
    parts.append(overview(by_algorithm.values()))
    for published in by_algorithm.values():
        manifest = published[0].manifest
        parts += [
            f"## {manifest.title_en}",
            manifest.description,
            *needed(manifest),
            (
                f"Names: {', '.join(f'`{service.name.name}`' for service in published)}. "
                f"Versions: {', '.join(f'`{version}`' for version in manifest.versions)}."
            ),
            (
                "Events, with the JSON Schema of their [messages](messages.md): "
                + ", ".join(f"`{kind.number}` ([{kind.name}]({_schema_page(kind)}))" for kind in manifest.events)
                + "."
            ),
            table(
                ("parameter", "meaning", "unit", "type", "default", "from", "to"),
                (
                    (
                        f"`{p['name']}`",
                        p["titleEn"],
                        unit_of(manifest, p["name"]),
                        p["type"],
                        *(p.get(key, "") for key in ("default", "min", "max")),
                    )
                    for p in (param.attrib for param in fromstring(registry.task_config_xml(manifest)).iter("param"))
                ),
            ),
        ]
    return "\n\n".join(parts)


def overview(algorithms: Iterable[list[registry.Service]]) -> str:
    """Return the table of all services, with the models that they need."""
    rows = []
    for published in algorithms:
        manifest = published[0].manifest
        place = re.sub(r"[^\w\- ]", "", manifest.title_en.lower()).replace(" ", "-")
        names = ", ".join(f"`{service.name.name}`" for service in published)
        needs = ", ".join(f"`{role}`" for role in manifest.needs)
        rows.append((f"[{manifest.title_en}](#{place})", manifest.title_cn, names, needs))
    return table(("service", "", "names", "needs a model of the role"), rows)


def needed(manifest: Manifest) -> list[str]:
    """Return the sentence about the models that a service needs, if it needs any."""
    if not manifest.needs:
        return []
    roles = " and ".join(f"`{role}`" for role in manifest.needs)
    role = "role" if len(manifest.needs) == 1 else "roles"
    return [f"Needs a [model](../howto/models.md) of the {role} {roles}; without one its tasks are refused."]


def _commands(command: Any, path: str) -> Iterable[tuple[str, Any]]:
    """Yield each command with its words; Typer's own classes are not public."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
    else:
        for name in below:
            yield from _commands(below[name], f"{path} {name}")


def commands() -> str:
    """Return the page of the command line."""
    parts = [
        "# The command line",
        MADE.format(source="src/vedette/cli/"),
        (
            "The command is `.venv/bin/vedette`. Settings come from the environment or a file; see [settings](settings.md). "
            "An error is one line on the standard error stream, and the exit status is then not 0: 1 for a failure, 2 for "
            "a command line that cannot be understood, 130 after Ctrl-C."
        ),
    ]
    for path, command in _commands(typer.main.get_command(cli.app), "vedette"):
        rows = [
            (f"`{_shown(parameter)}`", parameter.help or "", _default(parameter))
            for parameter in command.params
            if parameter.name != "help"
        ]
        parts += [f"## `{path}`", command.help or ""]
        parts += [table(("argument or option", "what it is", "default"), rows)] if rows else []
    return "\n\n".join(parts)


def _shown(parameter: Any) -> str:
    return (
        " or ".join(parameter.opts)
        if parameter.param_type_name == "option"
        else parameter.metavar or parameter.name.upper()
    )


def _default(parameter: Any) -> str:
    if parameter.required:
        return "needed"
    return "" if parameter.default is None else f"`{parameter.default}`"


def api() -> str:
    """Return the page of the API."""
    return api_page(MADE.format(source="the operations in src/vedette/api/ and their schemas"), table)


def _ours() -> registry.Registry:
    """Return the services that come with Vedette, whatever else is installed here."""
    points = [point for point in entry_points(group=registry.GROUP) if point.value.startswith("vedette.")]
    return registry.Registry.load(points, shipped=True)


def _schema_page(kind: EventKind) -> str:
    """Return where its schema stands; a link has no room for spaces."""
    return f"schemas/{kind.name.replace(' ', '-')}.json"


def _schema(kind: EventKind) -> Callable[[], str]:
    return lambda: json.dumps(message_schema(kind), indent=2, ensure_ascii=False)


PAGES: dict[str, Callable[[], str]] = {
    "api.md": api,
    "settings.md": settings,
    "errors.md": error_page,
    "states.md": states,
    "services.md": services,
    "cli.md": commands,
} | {_schema_page(kind): _schema(kind) for kind in _ours().event_kinds()}


def main(arguments: list[str]) -> int:
    """Write or check the pages; return the exit status."""
    stale = []
    for name, page in PAGES.items():
        path, text = REFERENCE / name, page() + "\n"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            print(f"written: docs/reference/{name}")
    if stale and "--check" in arguments:
        print(f"out of date: {', '.join(stale)}; run .venv/bin/python scripts/gen_docs.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
