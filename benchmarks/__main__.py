"""`python -m benchmarks`: ours, its peers and its floors side by side in one run; see docs/benchmarks.md."""

import argparse
import contextlib
import getpass
import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.filling import REOPEN
from benchmarks.floor import floor_calls
from benchmarks.load import Request, Sample, drive, http_calls
from benchmarks.report import machine, report
from benchmarks.servers import BARE, OURS, Pair, backends_cpu, family, granian, memory_mb, pair, run_module

ROUNDS = 5
WARM_UP = 1.0  # seconds


@dataclass
class Site:
    """One database of the run with its servers, its calls, and what each call costs in statements."""

    size: int
    url: str
    calls: dict[str, dict[str, list[Request]]]
    statements: dict[str, dict[str, int]]
    servers: dict[str, Pair]

    def accepted_ids(self) -> list[int]:
        return [int(request.path.split("/")[-2]) for request in self.calls["accept"]["ours"]]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="1000,100000", help="orders in the table, a database each")
    parser.add_argument("--clients", default="1,4,16")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each slice; five slices of each kind")
    parser.add_argument("--only", action="append", choices=["place", "read", "dialects", "feed", "outgoing"])
    return parser.parse_args()


def database_url(url: str, name: str) -> str:
    return f"{url.rsplit('/', 1)[0]}/{name}"


@contextlib.contextmanager
def databases(url: str, sizes: list[int], what: str = "bench") -> Iterator[dict[int, str]]:
    """A database for each size beside the given one, dropped at the end."""
    names = {size: f"ordersite_{what}_{size}" for size in sizes}
    try:
        with psycopg.connect(url, autocommit=True) as admin:
            for name in names.values():
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                admin.execute(f"CREATE DATABASE {name}")
        yield {size: database_url(url, name) for size, name in names.items()}
    finally:
        with psycopg.connect(url, autocommit=True) as admin:
            for name in names.values():
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def prepare(size: int, url: str) -> dict[str, Any]:
    """Fills a database, in a process of its own: what is imported from the site reads its settings once."""
    print(f"{size:,} orders are made …", flush=True)
    found: dict[str, Any] = json.loads(run_module("site", str(size), DATABASE_URL=url))
    return found


@contextlib.contextmanager
def sites(url: str, sizes: list[int]) -> Iterator[list[Site]]:
    """All databases with all servers at once, so that the sizes too are measured in turns."""
    with contextlib.ExitStack() as stack:
        urls = stack.enter_context(databases(url, sizes))
        found = []
        for size in sizes:
            made = prepare(size, urls[size])
            calls = {
                what: {who: [Request(**request) for request in requests] for who, requests in subjects.items()}
                for what, subjects in made["calls"].items()
            }
            ours, bare = (stack.enter_context(pair(app, DATABASE_URL=urls[size])) for app in (OURS, BARE))
            found.append(
                Site(
                    size=size,
                    url=urls[size],
                    calls=calls,
                    statements=made["statements"],
                    servers={"ours": ours, "bare": bare},
                )
            )
        yield found


def slice_of(site: Site, what: str, who: str, *, clients: int, seconds: float) -> Sample:
    """One slice of load on one server."""
    if who == "psycopg":
        return drive(floor_calls(site.url, list(range(1, 9))), clients=clients, seconds=seconds)
    accepts = what.startswith("accept")
    if accepts:
        with psycopg.connect(site.url) as connection:
            connection.execute(REOPEN, [site.accepted_ids()])
    servers = site.servers["bare" if who.startswith("bare") else "ours"]
    make = http_calls(servers.ports, site.calls[what][who], once=accepts)
    before, backends = servers.cpu(), backends_cpu(site.url)
    sample = drive(make, clients=clients, seconds=seconds)
    sample.cpu = servers.cpu() - before
    # Their connections stay open: what a backend that is new has used, it has used for this slice.
    if backends_after := backends_cpu(site.url):
        sample.database_cpu = sum(used - backends.get(pid, 0.0) for pid, used in backends_after.items())
    if sample.failures:
        raise RuntimeError(f"{what}, {who}, {clients} clients: {sample.failures[0]}")
    return sample


Samples = dict[tuple[str, str, int, int], list[Sample]]


def measure(found: list[Site], *, kinds: list[str], clients: list[int], seconds: float) -> Samples:
    """In turns: every subject at every size within each round, so that what else the machine does meets them alike."""
    samples: Samples = defaultdict(list)
    for site in found:
        for what in kinds:
            for who in site.calls[what]:
                slice_of(site, what, who, clients=4, seconds=WARM_UP)
    for what in kinds:
        for count in clients:
            for _ in range(ROUNDS):
                for site in found:
                    for who in [*site.calls[what], *(["psycopg"] if what == "place" else [])]:
                        sample = slice_of(site, what, who, clients=count, seconds=seconds)
                        samples[what, who, site.size, count].append(sample)
            rates = {
                (site.size, who): statistics.median(one.per_second for one in samples[what, who, site.size, count])
                for site in found
                for who in site.calls[what]
            }
            print(
                f"{what}, {count} clients:",
                ", ".join(f"{who} {rate:.0f}/s" for (_, who), rate in rates.items()),
                flush=True,
            )
    return samples


def memory(site: Site) -> dict[str, dict[str, float]]:
    """Of two server processes under one supervisor, after every kind of call was made in plenty."""
    found = {}
    for who, application in (("ours", OURS), ("bare", BARE)):
        with granian(application, workers=2, DATABASE_URL=site.url) as (port, pid):
            for what in ("place", "list by page", "detail"):
                drive(http_calls([port], site.calls[what][who]), clients=8, seconds=2)
            pids = family(pid)
            found[who] = {
                f"{name}, {what}": size
                for name, group in (("workers", pids[1:]), ("all", pids))
                for what, size in memory_mb(group).items()
            }
    return found


def feed(url: str) -> dict[str, Any]:
    """The live feed against a raw server, by benchmarks.feed in a process of its own."""
    printed = run_module("feed", DATABASE_URL=url)
    print(printed, flush=True)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def outgoing(url: str) -> None:
    """Webhooks through the outbox, by benchmarks.outgoing in a process of its own."""
    print(run_module("outgoing", DATABASE_URL=url), flush=True)


def main() -> None:
    chosen = options()
    local = "127.0.0.1"
    url = os.environ.get("DATABASE_URL") or f"postgres://{getpass.getuser()}@{local}/postgres"
    os.environ.setdefault("REDIS_URL", f"redis://{local}:6379/0")
    os.environ |= {"THROTTLE_CALLER": "0", "THROTTLE_ANONYMOUS": "0", "THROTTLE_TILL": "0", "LOG_LEVEL": "WARNING"}
    begun = time.time()
    kinds = {
        "place": ["place"],
        "read": ["list by page", "list by cursor", "a vendor's list by cursor", "detail", "accept"],
        "dialects": [
            "15 orders with items",
            "one order with items and history",
            "place, to be collected",
            "accept, answering all",
        ],
        "feed": [],
        "outgoing": [],
    }
    parts = chosen.only or ["read", "dialects", "place", "feed", "outgoing"]
    wanted = [kind for part in parts for kind in kinds[part]]
    clients = [int(count) for count in chosen.clients.split(",")]
    sizes = sorted(int(size) for size in chosen.sizes.split(","))
    with tempfile.TemporaryDirectory() as directory:
        os.environ["DATA_DIR"] = directory
        if wanted:
            with sites(url, sizes) as found:
                samples = measure(found, kinds=wanted, clients=clients, seconds=chosen.seconds)
                sizes_of_memory = memory(found[0]) if not chosen.only else {}
            report(
                samples,
                kinds=wanted,
                sizes=sizes,
                clients=clients,
                statements=found[0].statements,
                memory=sizes_of_memory,
            )
        if "feed" in parts:
            feed(url)
        if "outgoing" in parts:
            outgoing(url)
    print(f"{machine()}; {time.time() - begun:.0f} s")


if __name__ == "__main__":
    main()
