"""Whether a model's inputs and outputs are the ones its manifest names."""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.algorithms.inputs import Order
from vedette.algorithms.manifests import ModelManifest
from vedette.model.errors import ModelError

Shape = tuple[int | None, ...]
"""None: any number."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input of a model, as the engine tells it.

    Attributes:
        element: name of NumPy's type.
    """

    name: str
    shape: Shape
    element: str


@dataclass(frozen=True, slots=True)
class Ports:
    """What a model is fed with and asked for.

    Attributes:
        outputs: in the order of the manifest.
        many: whether it takes more than one picture at a time.
    """

    picture: Port
    outputs: list[str]
    many: bool


ELEMENTS = ("float32", "float16", "uint8")


def fit(manifest: ModelManifest, inputs: Sequence[Port], outputs: Sequence[str]) -> Ports:
    """Return what the manifest means among what the model has.

    Raises:
        ModelError: they do not fit together.
    """
    given, name = manifest.input, manifest.name
    if not inputs:
        raise ModelError(f"The model {name} takes nothing.")
    picture = next((port for port in inputs if port.name == (given.name or inputs[0].name)), None)
    if picture is None:
        raise ModelError(f"The model {name} has no input {given.name}; it has: {_names(inputs)}.")
    others = [port for port in inputs if port is not picture and port.name != given.sizes]
    if others:
        raise ModelError(f"The model {name} wants {others[0].name} too, which its manifest does not give.")
    if given.sizes and given.sizes not in {port.name for port in inputs}:
        raise ModelError(f"The model {name} has no input {given.sizes}; it has: {_names(inputs)}.")
    if picture.element not in ELEMENTS:
        raise ModelError(f"The model {name} takes {picture.element}; known are: {', '.join(ELEMENTS)}.")
    planes = given.colour.planes
    size = (given.height, given.width) if not given.multiple else (None, None)
    wanted: Shape = (planes, *size) if given.order is Order.NCHW else (*size, planes)
    if len(picture.shape) != 4 or any(
        has is not None and asks != has for has, asks in zip(picture.shape[1:], wanted, strict=True)
    ):
        raise ModelError(f"The model {name} takes {_shape(picture.shape)}, its manifest gives {_shape((1, *wanted))}.")
    missing = [output for output in manifest.output.outputs if output not in outputs]
    if missing:
        raise ModelError(f"The model {name} has no output {missing[0]}; it has: {', '.join(outputs)}.")
    if picture.shape[0] not in {None, 1}:
        raise ModelError(f"The model {name} takes {picture.shape[0]} pictures at once, and only so many.")
    return Ports(picture, list(manifest.output.outputs) or list(outputs), picture.shape[0] is None)


def _names(ports: Sequence[Port]) -> str:
    return ", ".join(port.name for port in ports)


def _shape(shape: Shape) -> str:
    return " x ".join("any" if size is None else str(size) for size in shape)
