"""What is known of a model file: where it comes from, and what goes in and comes out, as data."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vedette.model.errors import ModelError

_PARTS = ConfigDict(extra="forbid", frozen=True)


class Colour(StrEnum):
    """Order of the colour planes."""

    BGR = "bgr"
    RGB = "rgb"


class Fit(StrEnum):
    """How a picture is brought to the model's size."""

    TOP_LEFT = "top-left"
    """Scaled with its shape kept, laid into the top left corner, the rest filled."""
    STRETCH = "stretch"
    """Scaled to the full width and height."""


class Layout(StrEnum):
    """How boxes stand in the outputs; the modules of `layouts` read them."""

    YOLOX = "yolox"
    """(1, cells, 5 + classes): centre, size, objectness, classes; cells of all strides, one after the other."""
    FASTESTDET = "fastestdet"
    """(1, 5 + classes, rows, columns): objectness, centre, size, classes of one grid."""
    YUNET = "yunet"
    """(1, cells, 1 | 1 | 4 | 10) for each stride: class, objectness, box, five marks; all of a kind before the next."""


class InputSpec(BaseModel):
    """What the model is given: values are pixel x scale.

    Attributes:
        name: of the input; empty for the only one.
        fill: grey value around a picture that does not fill the input.
    """

    model_config = _PARTS

    name: str = ""
    width: int = Field(ge=32, le=4096)
    height: int = Field(ge=32, le=4096)
    colour: Colour = Colour.BGR
    scale: float = Field(default=1.0, gt=0)
    fit: Fit = Fit.TOP_LEFT
    fill: int = Field(default=114, ge=0, le=255)


class OutputSpec(BaseModel):
    """What the model gives.

    Attributes:
        outputs: names of the model's outputs in the order the layout has them; empty: the model's own order.
        strides: pixels of the input per cell, in the order of the output.
        threshold: the score from which this model is to be believed.
        overlap: of two boxes of a class that overlap by more the weaker goes.
        labels: names of the classes.
    """

    model_config = _PARTS

    layout: Layout
    outputs: tuple[str, ...] = ()
    strides: tuple[int, ...] = (8, 16, 32)
    threshold: float = Field(gt=0, lt=1)
    overlap: float = Field(default=0.45, gt=0, lt=1)
    labels: tuple[str, ...] = Field(min_length=1)


class ModelManifest(BaseModel):
    """One model, described.

    Attributes:
        sha256: of the file, lower-case hex.
        size: of the file, bytes.
        origin: address the file can be pulled from; empty if nowhere.
        roles: what algorithms may use it for, such as `objects`.
        rank: among installed models of a role the highest serves.
    """

    model_config = _PARTS

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: int = Field(gt=0)
    licence: str
    author: str = ""
    origin: str = ""
    roles: tuple[str, ...]
    rank: int = 0
    input: InputSpec
    output: OutputSpec


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
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"The manifest {where} is wrong at {field or 'its top'}: {first['msg']}.") from error


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
