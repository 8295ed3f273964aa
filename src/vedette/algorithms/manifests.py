"""What is known of a model file: where it comes from, and what goes in and comes out, as data."""

import json
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vedette.algorithms.inputs import InputSpec
from vedette.algorithms.outputs import Kind, OutputSpec
from vedette.model.errors import ModelError


class Precision(StrEnum):
    """How exactly the numbers in a file are kept."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


class ModelManifest(BaseModel):
    """One model, described.

    Attributes:
        sha256: of the file, lower-case hex.
        size: of the file, bytes.
        origin: address the file can be pulled from; empty if nowhere.
        roles: what algorithms may use it for, such as `objects`.
        rank: among installed models of a role the highest serves.
        precision: of the numbers in the file.
        made_from: name of the model it was made from; empty if it is as its author made it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: int = Field(gt=0)
    licence: str
    author: str = ""
    origin: str = ""
    roles: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    rank: int = 0
    precision: Precision = Precision.FP32
    made_from: str = ""
    input: InputSpec
    output: OutputSpec

    @property
    def kind(self) -> Kind:
        """Return what the model is used for; its layout says it."""
        return self.output.layout.kind


def parse(text: str, where: str) -> ModelManifest:
    """Return the manifest that a TOML text describes; `where` names the text in errors.

    Raises:
        ModelError: it is no TOML, or a field is missing, unknown or out of range.
    """
    try:
        return ModelManifest.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"The manifest {where} is not TOML: {error}.") from error
    except ValidationError as error:
        raise ModelError(f"The manifest {where} is wrong at {_told(error)}.") from error


def _told(error: ValidationError) -> str:
    """Return where the first fault stands and what it is, in our words where the library's say little."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "its top"
    if first["type"] == "extra_forbidden":
        return f"{place}: there is no such key"
    if first["type"] == "missing":
        return f"{place}: it must be given"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def written(manifest: ModelManifest) -> str:
    """Return the TOML text of a manifest: what was told when it was made, and nothing else."""
    tables = manifest.model_dump(mode="json", exclude_unset=True)
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in tables.items()
        if not isinstance(value, dict)
    ]
    for name in ("input", "output"):
        lines += [
            "",
            f"[{name}]",
            *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in tables[name].items()),
        ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Described:
    """A manifest and the very text it was read from."""

    manifest: ModelManifest
    text: str


def read(path: Path) -> Described:
    """Return the manifest in a file.

    Raises:
        ModelError: it cannot be read, or is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"The manifest {path.name} cannot be read: {type(error).__name__}.") from error
    return Described(parse(text, path.name), text)


def catalogue() -> tuple[Described, ...]:
    """Return the models this release knows, by name."""
    folder = resources.files("vedette.algorithms") / "catalogue"
    entries = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    texts = [(entry.name, entry.read_text("utf-8")) for entry in entries]
    known = [Described(parse(text, name), text) for name, text in texts]
    return tuple(sorted(known, key=lambda described: described.manifest.name))
