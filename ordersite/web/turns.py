"""Large bodies are worked on in turns, so that whoever sends many of them waits for itself, and hardly anybody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

# Bytes of a body that takes no turns: an order of a dozen lines has fewer.
SMALL = 2_000
# Of all clients together: a call that takes no turns then shares the processor with two others at most.
AT_ONCE = 2
WAIT = 10.0  # seconds


class Turns:
    """One turn at a time for each network, and `at_once` in all. It is coroutines that wait, no thread does.

    A network stands in the line of all with one call only: who sends most is not served most.
    """

    def __init__(self, at_once: int = AT_ONCE, wait: float = WAIT) -> None:
        self.all, self.wait = asyncio.Semaphore(at_once), wait
        self.networks: dict[str, asyncio.Lock] = {}
        self.present: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self, network: str) -> AsyncIterator[bool]:
        """Waits for the turn of a call of that network, and tells whether it came in time."""
        own = self.networks.setdefault(network, asyncio.Lock())
        self.present[network] = self.present.get(network, 0) + 1
        try:
            async with AsyncExitStack() as held:
                try:
                    async with asyncio.timeout(self.wait):
                        await held.enter_async_context(own)
                        await held.enter_async_context(self.all)
                except TimeoutError:
                    await held.aclose()
                    yield False
                else:
                    yield True
        finally:
            self.present[network] -= 1
            if not self.present[network]:
                del self.present[network], self.networks[network]
