"""What a server process holds while thousands of orders are played, by HTTP and a socket alone.

    python -m benchmarks.memory --orders 10000                      # `manage.py serve` on SQLite, all in one process
    python -m benchmarks.memory --orders 10000 --server granian     # needs DATABASE_URL (PostgreSQL)

With DATABASE_URL and REDIS_URL both servers use them. Each order is placed by its customer, accepted, made and handed
over by its vendor, as quickly as it is answered; behind `serve` a board without a browser reads each change. It prints
a line after every `--every` orders, when none is open.
"""

import argparse
import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import django

from benchmarks.own_site import own_site
from benchmarks.servers import OURS, family, granian, memory_mb
from benchmarks.shift import STEPS, Crew, access_token_of

if TYPE_CHECKING:
    from tests.cast import Cast

AS_QUICKLY = 1000.0  # orders a second that nobody reaches
QUIET = 3.0  # seconds until what was told is read, and what the worker does in the background is done


@dataclass(frozen=True)
class Measured:
    """The process that is watched, and where it is called."""

    port: int
    pid: int


@contextlib.contextmanager
def served(kind: str, directory: Path, cast: "Cast") -> Iterator[Measured]:
    """One process of this kind of server."""
    from tests.tracking.live import serving  # noqa: PLC0415  needs the apps
    from tests.tracking.screens import Screen  # noqa: PLC0415

    if kind == "granian":
        with granian(OURS) as (port, supervisor):
            yield Measured(port, family(supervisor)[-1])
        return
    files = directory / "server"
    files.mkdir()
    with serving(files, REDIS_URL=os.environ.get("REDIS_URL", "")) as server:
        screen = Screen(server.port, cast.vendor.pk, access_token_of(cast.owner))
        screen.start()
        yield Measured(server.port, server.process.pid)
        screen.switch_off()
        if screen.faults:
            raise RuntimeError(screen.faults[0])


def play(measured: Measured, cast: "Cast", orders: int, every: int) -> None:
    crew = Crew(cast, [measured.port])
    followed = crew.place()["orders"][0]["id"]
    crew.move(followed, STEPS[0])
    print("| orders | RSS, MB | anonymous, MB | threads | open files | orders a second |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for done in range(every, orders + 1, every):
        played = crew.play(every, per_second=AS_QUICKLY, followed=followed)
        if played.refused:
            raise RuntimeError(f"{len(played.refused)} calls were refused, the first: {played.refused[0]}")
        time.sleep(QUIET)
        memory = memory_mb([measured.pid])
        threads, files = (len(os.listdir(f"/proc/{measured.pid}/{what}")) for what in ("task", "fd"))
        rate = every / played.took
        print(
            f"| {done:,} | {memory['rss']:.1f} | {memory['anonymous']:.1f} | {threads} | {files} | {rate:.1f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--server", choices=("serve", "granian"), default="serve")
    options = parser.parse_args()
    os.environ |= {"THROTTLE_CALLER": "0", "THROTTLE_ANONYMOUS": "0", "LOG_LEVEL": "WARNING"}
    with own_site("memory") as directory:
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415  needs the apps

        from tests.cast import make_cast  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        cast = make_cast()
        with served(options.server, directory, cast) as measured:
            play(measured, cast, options.orders, options.every)


if __name__ == "__main__":
    main()
