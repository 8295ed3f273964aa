"""The one face of all engines, and how they are chosen."""

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


def first_line(error: BaseException) -> str:
    """Return what an engine's error says first: the rest is for its makers."""
    return str(error).strip().partition("\n")[0][:200].rstrip(". ") or type(error).__name__
