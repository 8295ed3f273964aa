"""Waking whoever waits for a change."""

import asyncio


class Bell:
    """Rung when something may have changed; whoever waits looks again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait."""
        self._event.set()
        self._event = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """Return what the next ring sets; listen before you look, and no ring is missed."""
        return self._event


async def heard(ring: asyncio.Event, seconds: float) -> bool:
    """Wait for a ring, at most this long; return whether it came."""
    try:
        await asyncio.wait_for(ring.wait(), seconds)
    except TimeoutError:
        return False
    return True
