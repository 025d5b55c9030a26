"""Servers of PostgreSQL of our own: a primary that has copies of the test's database, and its streaming standby."""

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from tests.tracking.live import environment, free_port

BASE = "base"
numbers = itertools.count(1)


def programs() -> Path:
    """Where PostgreSQL's server programs are, of the version that runs the tests."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_config() WHERE name = 'BINDIR'")
        return Path(cursor.fetchone()[0])


class Cluster:
    """One server; `of` makes it the standby of another."""

    def __init__(self, of: "Cluster | None" = None) -> None:
        self.bin, self.port = programs(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="ordersite-pg-"))
        # It refuses to run as root.
        self.owner: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
        if self.owner:
            shutil.chown(self.folder, "postgres")
        self.data = self.folder / "data"
        self.user = str(connection.settings_dict["USER"])
        if of is None:
            self.run("initdb", "-D", str(self.data), "-A", "trust", "-U", self.user, "-E", "UTF8", "--no-sync")
            with (self.data / "pg_hba.conf").open("a") as file:
                file.write("host replication all 127.0.0.1/32 trust\n")
        else:
            at = ("-h", "127.0.0.1", "-p", str(of.port), "-U", self.user)
            self.run("pg_basebackup", *at, "-D", str(self.data), "-R", "-c", "fast", "--no-sync")
        self.start()

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        subprocess.run(command, **self.owner, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k '' -F -c max_connections=40 -c shared_buffers=16MB"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.data), "-l", log, "-o", options, "-w", "-t", "120", "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def url(self, name: str = "postgres") -> str:
        return f"postgres://{self.user}@127.0.0.1:{self.port}/{name}"

    def ask(self, statement: str) -> Any:
        with psycopg.connect(self.url(), autocommit=True) as own:
            found = own.execute(statement)
            return found.fetchone()[0] if found.description else None

    def wait_until(self, statement: str) -> None:
        for _ in range(1200):
            if self.ask(statement):
                return
            time.sleep(0.05)
        raise AssertionError(f"never so: {statement}")

    def take_tests_database(self) -> None:
        """Keeps what the test's database has by now, for copies."""
        source = environment(self.folder)["DATABASE_URL"]
        self.ask(f"CREATE DATABASE {BASE}")
        dump = self.folder / "dump"
        subprocess.run([self.bin / "pg_dump", "--no-owner", "--file", dump, "--dbname", source], check=True)
        load: list[Any] = [self.bin / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", dump, "--dbname", self.url(BASE)]
        subprocess.run(load, check=True, stdout=subprocess.DEVNULL)

    def copy(self) -> str:
        """A new database as it was taken; its name."""
        name = f"copy_{next(numbers)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE {BASE}")
        return name
