"""How long to wait before the next try."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Waits that double, with jitter: cameras behind one switch come back together, and shall not be asked together.

    Attributes:
        first_s: the first wait.
        ceiling_s: the longest.
        chance: gives numbers from 0 to 1.
        tries: waits since the last reset.
    """

    first_s: float = 0.2
    ceiling_s: float = 15.0
    chance: Callable[[], float] = random.random
    tries: int = 0

    def next(self) -> float:
        """Return the next wait in seconds: between half of the step and the whole."""
        step = min(self.ceiling_s, self.first_s * float(1 << min(self.tries, 30)))
        self.tries += 1
        return step * (0.5 + 0.5 * self.chance())

    def reset(self) -> None:
        """Begin anew."""
        self.tries = 0
