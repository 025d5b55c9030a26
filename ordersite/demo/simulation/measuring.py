"""How a site bears what is played at it: calls by kind, how long each took, and how late the live feed told."""

import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep

ID = re.compile(r"/[0-9]+(?=/|$)")
LEAST_WIDTH = 30


@dataclass(slots=True)
class Calls:
    """Of one kind: seconds of those that were answered, and how many were answered with an error (0: not at all)."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Measure:
    """Counts from `begin` to `end`; threads share it."""

    calls: dict[str, Calls] = field(default_factory=dict)
    placed_at: dict[int, float] = field(default_factory=dict)  # when the placing of an order was answered
    told_at: dict[int, float] = field(default_factory=dict)  # when the feed first told of an order
    placed: int = 0  # while it was counted
    began_at: float | None = None
    ended_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        self.began_at = monotonic()

    def end(self) -> None:
        self.ended_at = monotonic()

    @property
    def is_on(self) -> bool:
        return self.began_at is not None and self.ended_at is None

    @property
    def took(self) -> float:
        """Seconds."""
        return (self.ended_at or monotonic()) - self.began_at if self.began_at is not None else 0.0

    def note_call(self, method: str, path: str, seconds: float, status: int) -> None:
        if not self.is_on:
            return
        name = f"{method} {ID.sub('/{id}', path.partition('?')[0]).removeprefix('/api/v1')}"
        with self.lock:
            calls = self.calls.setdefault(name, Calls())
            # A refusal that the rules of the site ask for (sold out, somebody was first) is an answer as any.
            if status == 0 or status == 429 or status >= 500:
                calls.errors[status] += 1
            else:
                calls.seconds.append(seconds)

    def note_placed(self, order_id: int) -> None:
        self.placed_at[order_id] = monotonic()
        self.placed += self.is_on

    def note_told(self, order_id: int) -> None:
        self.told_at.setdefault(order_id, monotonic())

    def wait_until_told(self, seconds: float) -> None:
        """Until the feed has told of every order, so long at most."""
        until = monotonic() + seconds
        while self.untold() and monotonic() < until:
            sleep(0.1)

    def untold(self) -> set[int]:
        """Orders that were placed and that the feed has not told of."""
        return set(self.placed_at) - set(self.told_at)

    def lags(self) -> list[float]:
        """Seconds from the answer to each placing until a vendor's socket told of the order; 0 where it was first."""
        return [max(0.0, self.told_at[one] - self.placed_at[one]) for one in self.placed_at if one in self.told_at]

    def report(self) -> list[str]:
        """Lines to tell: a row for each kind of call, the sum of all, and the feed."""
        took = max(self.took, 1e-9)
        everything = Calls()
        width = max([LEAST_WIDTH, *map(len, self.calls)])
        lines = [f"{'':{width}} {'a second':>9} {'p50 ms':>8} {'p99 ms':>8} {'errors':>7}"]
        for name in sorted(self.calls, key=lambda one: -len(self.calls[one].seconds)):
            lines.append(calls_row(name, self.calls[name], took, width))
            everything.seconds += self.calls[name].seconds
            everything.errors += self.calls[name].errors
        lines.append(calls_row("all calls", everything, took, width))
        for status, count in sorted(everything.errors.items()):
            lines.append(f"{count} times {f'status {status}' if status else 'no answer'}")
        lags = self.lags()
        p50, p99 = milliseconds(lags, 0.5), milliseconds(lags, 0.99)
        lines.append(
            f"{self.placed} orders in {took:.0f} s, {60 * self.placed / took:.0f} a minute; the feed told of "
            f"{len(lags)} of {len(self.placed_at)}, p50 {p50} ms and p99 {p99} ms "
            "after the answer"
        )
        return lines


def calls_row(name: str, calls: Calls, took: float, width: int) -> str:
    p50, p99 = (milliseconds(calls.seconds, share) for share in (0.5, 0.99))
    return f"{name:{width}} {len(calls.seconds) / took:9.1f} {p50:>8} {p99:>8} {calls.errors.total():7}"


def milliseconds(seconds: Sequence[float], share: float) -> str:
    """The percentile; a dash where there is none."""
    ordered = sorted(seconds)
    return f"{1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]:.0f}" if ordered else "-"
