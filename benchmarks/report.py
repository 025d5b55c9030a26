"""The tables of a run, as Markdown: figures, and ratios of what was measured in the same round."""

import datetime
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Sample

Samples = Mapping[tuple[str, str, int, int], Sequence[Sample]]


def machine() -> str:
    """Date, cores, memory, Python."""
    memory = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    today = datetime.datetime.now(datetime.UTC).date()
    return f"{today}, {os.cpu_count()} cores, {int(memory) / 2**20:.0f} GB, Python {platform.python_version()}"


def ratio(
    upper: Sequence[Sample], lower: Sequence[Sample], figure: Callable[[Sample], float] = lambda one: one.per_second
) -> float:
    """The median over the rounds of one figure against the other of the same round."""
    return statistics.median(figure(a) / figure(b) for a, b in zip(upper, lower, strict=True))


def median(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    return statistics.median(figure(one) for one in samples)


def cpu_ms(sample: Sample) -> float:
    return sample.cpu_ms


def report_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print("\n| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


BY_RATE, BY_CPU = "our rate by bare's", "bare's CPU by ours"
DATABASE, STATEMENTS = "PostgreSQL's CPU ms", "statements"
GROWTH = "time by that at the smallest size"


@dataclass(frozen=True, slots=True)
class SpeedGoal:
    """A figure of one call of ours that is to be at least, or at most, so much."""

    call: str
    kind: str
    bound: float

    @property
    def what(self) -> str:
        return f"{self.call}: {self.kind}"

    @property
    def is_most(self) -> bool:
        return self.kind in (DATABASE, STATEMENTS, GROWTH)

    @property
    def says(self) -> str:
        return f"{'≤' if self.is_most else '≥'} {self.bound:g}"

    def holds(self, found: float) -> bool:
        return found <= self.bound if self.is_most else found >= self.bound

    def figure(
        self, samples: Samples, size: int, clients: int, smallest: int, statements: Mapping[str, Mapping[str, int]]
    ) -> float | None:
        """None where the run has not measured it, or it says nothing at this size."""
        ours, bare = (samples.get((self.call, who, size, clients)) for who in ("ours", "bare"))
        if not ours:
            return None
        if self.kind == STATEMENTS:
            return float(statements[self.call]["ours"])
        if self.kind == DATABASE:
            return median(ours, lambda one: one.database_ms)
        if self.kind == GROWTH:
            small = samples.get((self.call, "ours", smallest, clients))
            return ratio(small, ours) if small and size != smallest else None
        if not bare:
            return None
        return ratio(bare, ours, cpu_ms) if self.kind == BY_CPU else ratio(ours, bare)


GOALS = [
    *(SpeedGoal("place", kind, 0.85) for kind in (BY_RATE, BY_CPU)),
    *(SpeedGoal("accept", kind, 0.9) for kind in (BY_RATE, BY_CPU)),
    *(SpeedGoal("detail", kind, 1.0) for kind in (BY_RATE, BY_CPU)),
    *(SpeedGoal("list by page", kind, 1.2) for kind in (BY_RATE, BY_CPU)),
    SpeedGoal("list by page", GROWTH, 1.2),
    *(
        SpeedGoal(call, DATABASE, most)
        for call, most in (("place", 3.3), ("detail", 1.6), ("list by page", 1.3), ("accept", 2.6))
    ),
    *(
        SpeedGoal(call, STATEMENTS, most)
        for call, most in (("place", 13), ("detail", 5), ("list by page", 4), ("accept", 7))
    ),
]


def report(
    samples: Samples,
    *,
    kinds: Sequence[str],
    sizes: Sequence[int],
    clients: Sequence[int],
    statements: Mapping[str, Mapping[str, int]],
    memory: Mapping[str, Mapping[str, float]],
) -> None:
    rows = []
    for what in kinds:
        subjects = dict.fromkeys(who for kind, who, *_ in samples if kind == what)
        for size in sizes:
            for count in clients:
                for who in subjects:
                    found = samples[what, who, size, count]
                    ours = samples[what, "ours", size, count]
                    rows.append(
                        [
                            what,
                            f"{size:,}",
                            str(count),
                            who,
                            f"{median(found, lambda one: one.per_second):.0f}",
                            f"{median(found, lambda one: one.percentile_ms(0.5)):.1f}",
                            f"{median(found, lambda one: one.percentile_ms(0.99)):.1f}",
                            f"{median(found, lambda one: one.cpu_ms):.1f}" if who != "psycopg" else "",
                            f"{ratio(ours, found):.2f}" if who != "ours" else "",
                            f"{ratio(found, ours, lambda one: one.cpu_ms):.2f}"
                            if who not in ("ours", "psycopg")
                            else "",
                            f"{median(found, lambda one: one.database_ms):.1f}" if who != "psycopg" else "",
                        ]
                    )
    report_table(
        [
            "call",
            "orders",
            "clients",
            "who",
            "per second",
            "p50 ms",
            "p99 ms",
            "server CPU ms",
            "ours ÷ this",
            "by CPU",
            "PostgreSQL's CPU ms",
        ],
        rows,
    )
    report_table(
        ["goal", "orders", "clients", "to reach", "measured", ""],
        [
            [
                goal.what,
                f"{size:,}",
                str(count),
                goal.says,
                f"{figure:.2f}",
                "reached" if goal.holds(figure) else "**not**",
            ]
            for goal in GOALS
            for size in sizes
            for count in clients
            if (figure := goal.figure(samples, size, count, sizes[0], statements)) is not None
        ],
    )
    rows = [[what, who, str(number)] for what in kinds for who, number in statements[what].items()]
    report_table(["call", "who", "statements"], rows)
    rows = []
    for what in kinds:
        for who in dict.fromkeys(who for kind, who, *_ in samples if kind == what):
            if len(sizes) > 1 and who != "psycopg":
                grown = [
                    ratio(samples[what, who, sizes[0], count], samples[what, who, sizes[-1], count])
                    for count in clients
                ]
                rows.append([what, who, *(f"{one:.2f}" for one in grown)])
    if rows:
        head = [f"time at {sizes[-1]:,} ÷ at {sizes[0]:,} orders", "who", *(f"{count} clients" for count in clients)]
        report_table(head, rows)
    if memory:
        names = list(next(iter(memory.values())))
        report_table(
            ["memory, MB", *names], [[who, *(f"{one[name]:.0f}" for name in names)] for who, one in memory.items()]
        )
    print()
