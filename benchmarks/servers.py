"""Servers of the run: each a process of its own on a free port, stopped at the end."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
OURS, BARE = "ordersite.wsgi:application", "benchmarks.bare_wsgi:application"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_module(module: str, *arguments: str, **env: str) -> str:
    """What a module of the benchmarks prints, run in a process of its own: what it imports reads its settings once."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout


@contextlib.contextmanager
def granian(application: str, *, workers: int = 1, **env: str) -> Iterator[tuple[int, int]]:
    """Serves it by granian with one blocking thread a worker; gives the port and the supervisor's process id."""
    port = free_port()
    arguments = ["--interface", "wsgi", "--workers", str(workers), "--blocking-threads", "1", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", *arguments, "--no-access-log", "--log-level", "warning", application],
        cwd=ROOT,
        env={**os.environ, **env},
    )
    try:
        wait_until_up(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Pair:
    """Two server processes on a port each: the clients share them evenly, where the kernel's choice would be luck."""

    ports: list[int]
    pids: list[int]

    def cpu(self) -> float:
        """Seconds that they have used so far."""
        return sum(cpu_seconds(pid) for pid in self.pids)


@contextlib.contextmanager
def pair(application: str, **env: Any) -> Iterator[Pair]:
    with granian(application, **env) as (first, one), granian(application, **env) as (second, other):
        yield Pair(ports=[first, second], pids=[*family(one), *family(other)])


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def backends_cpu(url: str) -> dict[int, float]:
    """What each of PostgreSQL's processes that serve this database has used so far; empty where it runs elsewhere."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    names = {pid: Path(f"/proc/{pid}/comm") for (pid,) in rows}
    return {pid: cpu_seconds(pid) for pid, name in names.items() if name.exists() and "postgres" in name.read_text()}


def wait_until_up(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(1800):
        if process.poll() is not None:
            raise RuntimeError("A server has left: its last lines above say why.")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("A server does not answer.")


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def memory_mb(pids: list[int]) -> dict[str, float]:
    """RSS, PSS (what is shared counted in parts), and what of RSS no file stands behind, of these together, in MB."""
    sums = {"rss": 0.0, "pss": 0.0, "anonymous": 0.0}
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name = line.split(":")[0].lower()
            if name in sums:
                sums[name] += int(line.split()[1]) / 1024
    return sums
