"""The one face of all engines, and how they are chosen."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vedette.algorithms.layouts.parts import Outputs
from vedette.algorithms.manifests import ModelManifest

CPU = ("CPUExecutionProvider",)


class EngineName(StrEnum):
    """What runs models."""

    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"


class Arithmetic(StrEnum):
    """How an engine counts with the numbers of a float model."""

    FP32 = "fp32"
    BF16 = "bf16"
    """Half as long numbers where the processor has them; OpenVINO alone."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator said of engines.

    Attributes:
        engine: None: the faster one, by measuring.
        arithmetic: of float models.
        providers: execution providers of ONNX Runtime, best first.
    """

    engine: EngineName | None = EngineName.ONNXRUNTIME
    arithmetic: Arithmetic = Arithmetic.FP32
    providers: tuple[str, ...] = CPU

    @classmethod
    def of(cls, engine: str, arithmetic: str, providers: tuple[str, ...]) -> "Wish":
        """Return it from the words of the settings; `auto` leaves the engine open."""
        return cls(None if engine == "auto" else EngineName(engine), Arithmetic(arithmetic), tuple(providers))


class Session(Protocol):
    """One loaded model; safe to use from many threads at once.

    Attributes:
        element: type of the numbers it takes.
        many: whether it takes more than one picture at a time.
    """

    manifest: ModelManifest
    element: np.dtype[Any]
    many: bool

    def __call__(self, pixels: NDArray[Any]) -> Outputs:
        """Return the outputs by name for pictures as the manifest orders them, in the order that the manifest gives.

        Raises:
            ModelError: the engine failed.
        """
        ...


_OF_ITS_MAKERS = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : |/onnxruntime_src/\S+ .*\) (?=[A-Z])|Load model from \S+ failed:"
)
_PLACES = ("Exception from ", "Check '")


def reason(error: BaseException) -> str:
    """Return what an engine's error says, without the places in its sources, which are for its makers."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith(_PLACES)]
    return _OF_ITS_MAKERS.sub("", told[-1])[:200].rstrip(". ") if told else type(error).__name__
