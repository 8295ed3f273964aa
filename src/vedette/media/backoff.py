"""How long to wait before the next try."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Waits that double, with jitter: cameras behind one switch come back together, and shall not be asked together.

    The ceiling is low: who is back is seen again within two seconds, however long it was away. A try that fails
    costs a tenth of a millisecond, so a thousand dead cameras are a small matter.

    Attributes:
        first_s: the first wait.
        ceiling_s: the longest, unless `next` is told otherwise.
        chance: gives numbers from 0 to 1.
        tries: waits since the last reset.
    """

    first_s: float = 0.2
    ceiling_s: float = 1.0
    chance: Callable[[], float] = random.random
    tries: int = 0

    def next(self, ceiling_s: float | None = None) -> float:
        """Return the next wait in seconds: between half of the step and the whole.

        Args:
            ceiling_s: the longest wait for what went wrong this time.
        """
        ceiling_s = self.ceiling_s if ceiling_s is None else ceiling_s
        step = min(ceiling_s, self.first_s * float(1 << min(self.tries, 30)))
        self.tries += 1
        return step * (0.5 + 0.5 * self.chance())

    def reset(self) -> None:
        """Begin anew."""
        self.tries = 0
