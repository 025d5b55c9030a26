"""Lets many act at once on a few threads: each takes one step after the other, when it is due."""

import heapq
import itertools
import threading
from time import monotonic
from typing import Protocol

from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.town import Town

AGAIN = 2.0  # seconds after a call that was refused


class Agent(Protocol):
    """Who acts."""

    def step(self) -> float | None:
        """Does what is to be done now; the seconds until the next step, or None after the last."""


class Schedule:
    """Ends when nobody has a step left, or `town.ended` is set."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.due: list[tuple[float, int, Agent]] = []
        self.numbers = itertools.count()
        self.busy = 0
        self.changed = threading.Condition()

    def add(self, agent: Agent, seconds: float = 0.0) -> None:
        with self.changed:
            heapq.heappush(self.due, (monotonic() + seconds, next(self.numbers), agent))
            self.changed.notify()

    def start(self, threads: int) -> None:
        for number in range(threads):
            threading.Thread(target=self.work, name=f"simulation-{number}", daemon=True).start()

    def work(self) -> None:
        while (agent := self.next_agent()) is not None:
            seconds: float | None = None
            try:
                seconds = agent.step()
            except CallRefused as refused:
                self.town.note_fault(str(refused))
                seconds = AGAIN
            except Exception as error:  # one who fails is told at the end, and keeps nobody else from acting
                self.town.note_fault(f"{type(agent).__name__}: {error!r}")
            with self.changed:
                self.busy -= 1
                if seconds is None:
                    self.changed.notify_all()
            if seconds is not None:
                self.add(agent, seconds)

    def next_agent(self) -> Agent | None:
        """Waits for who is due next."""
        with self.changed:
            while not self.town.ended.is_set():
                now = monotonic()
                if self.due and self.due[0][0] <= now:
                    self.busy += 1
                    return heapq.heappop(self.due)[2]
                if not self.due and not self.busy:
                    self.town.ended.set()
                    self.changed.notify_all()
                    break
                self.changed.wait(self.due[0][0] - now if self.due else None)
            return None
