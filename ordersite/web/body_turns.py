"""Bodies that are large, or of who was refused, are worked on in turns.

So whoever sends many of them waits for itself, and hardly anybody else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

# Bytes of a body that takes no turns: an order of a dozen lines has fewer.
SMALL = 2_000
# Of all clients together: a call that takes no turns then shares the processor with two others at most.
AT_ONCE = 2
WAIT = 10.0  # seconds that a call waits for its turn
# Seconds of a turn. No call computes for longer: one that is not done waits for a lock or for another server, and
# nobody waits for it.
HOLD = 0.5
MOST_REFUSED = 10_000  # networks that are remembered


class Turns:
    """One turn at a time for each network, and `at_once` in all. It is coroutines that wait, no thread does.

    A network stands in the line of all with one call only: who sends most is not served most.
    """

    def __init__(self, at_once: int = AT_ONCE, wait: float = WAIT) -> None:
        self.all, self.wait = asyncio.Semaphore(at_once), wait
        self.networks: dict[str, asyncio.Lock] = {}
        self.present: dict[str, int] = {}
        self.refused: set[str] = set()

    def note_status(self, network: str, status: int) -> None:
        """Remembers whether the last body of a network was refused."""
        if not 400 <= status < 500:
            self.refused.discard(network)
        elif len(self.refused) < MOST_REFUSED:
            self.refused.add(network)

    def needs_turn(self, network: str, size: int) -> bool:
        """Whether a body of so many bytes takes a turn."""
        return size > SMALL or network in self.refused

    @asynccontextmanager
    async def turn(self, network: str) -> AsyncIterator[bool]:
        """Waits for the turn of a call of that network, and tells whether it came in time."""
        own = self.networks.setdefault(network, asyncio.Lock())
        self.present[network] = self.present.get(network, 0) + 1
        try:
            with ExitStack() as held:
                came = await self.take(own, held)
                end = asyncio.get_running_loop().call_later(HOLD, held.close)
                try:
                    yield came
                finally:
                    end.cancel()
        finally:
            self.present[network] -= 1
            if not self.present[network]:
                del self.present[network], self.networks[network]

    async def take(self, own: asyncio.Lock, held: ExitStack) -> bool:
        """Takes what a turn needs, to be given back by `held`; False where it cannot be had in time."""
        try:
            async with asyncio.timeout(self.wait):
                for needed in (own, self.all):
                    await needed.acquire()
                    held.callback(needed.release)
        except TimeoutError:
            held.close()
            return False
        return True
