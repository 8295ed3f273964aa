"""What is said of a whole picture: classes, and vectors."""

import numpy as np

from vedette.algorithms.layouts.parts import Outputs, Raw, activated, first
from vedette.algorithms.outputs import OutputSpec


def read_classes(outputs: Outputs, spec: OutputSpec, count: int) -> Raw:
    """Return (count, classes) scores of 0 to 1.

    Raises:
        ValueError: the output has another shape.
    """
    scores = _table(first(outputs), count)
    if scores.shape[1] != len(spec.labels):
        raise ValueError(f"{scores.shape[1]} classes do not fit {len(spec.labels)} labels")
    return activated(scores, spec.activation)


def read_vectors(outputs: Outputs, count: int) -> Raw:
    """Return (count, numbers) vectors of length 1; a vector of nothing or of nonsense becomes one of zeros.

    Raises:
        ValueError: the output has another shape.
    """
    vectors = _table(first(outputs), count)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    sound = np.isfinite(lengths) & (lengths > 1e-12)
    return np.where(sound, vectors / np.where(sound, lengths, 1.0), 0.0).astype(np.float32)


def _table(output: Raw, count: int) -> Raw:
    if (
        output.ndim < 1
        or output.size == 0
        or output.shape[0] != count
        or output.size != output.shape[0] * max(output.shape[1:], default=1)
    ):
        raise ValueError(f"an output of shape {output.shape} is not one row for each of {count} pictures")
    return np.asarray(output, np.float32).reshape(count, -1)
