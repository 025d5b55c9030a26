"""Where those who have read wait for each other before they write: the race of a control then happens each time."""

import threading
from contextlib import suppress

# Seconds; more than a busy machine needs to bring a second one here, its first call of the process included.
PATIENCE = 5.0
pair = threading.Barrier(2)


def meet() -> None:
    """Waits until a second one has read as well; whoever stays alone for five seconds goes on."""
    with suppress(threading.BrokenBarrierError):
        pair.wait(PATIENCE)
    if pair.broken:
        pair.reset()
