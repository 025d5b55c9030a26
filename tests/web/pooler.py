"""A PgBouncer of our own in transaction mode, before the server of the test's database."""

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path

from django.db import connection

from ordersite.databases import BOUNDS, PLANNING
from tests.tracking.live import environment, free_port

SESSIONS = 4  # that all of its clients share
LIMITS = "; ".join(f"SET {name} = {value}" for name, value in (PLANNING | BOUNDS).items())


class Pooler:
    """`limits` are those that it gives to each session; `ignores` whether it takes a client's options, for nothing."""

    def __init__(self, directory: Path, *, limits: str = LIMITS, ignores: bool = False) -> None:
        self.port = free_port()
        db = connection.settings_dict
        server = {"host": db["HOST"] or "127.0.0.1", "port": db["PORT"] or 5432, "user": db["USER"]}
        if db["PASSWORD"]:
            server["password"] = db["PASSWORD"]
        told = " ".join(f"{name}={value}" for name, value in server.items())
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": "transaction",
            "default_pool_size": SESSIONS,
            "max_client_conn": 200,
            "ignore_startup_parameters": "extra_float_digits" + (",options" if ignores else ""),
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        query = f" connect_query='{limits}'" if limits else ""
        ini = directory / f"pgbouncer-{self.port}.ini"
        ini.write_text("\n".join(["[databases]", f"* = {told}{query}", "[pgbouncer]", *lines, ""]))
        # It refuses to run as root, and reads its file before it becomes somebody else.
        other = ["-u", "postgres"] if os.geteuid() == 0 else []
        self.log = directory / f"pgbouncer-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(["pgbouncer", *other, str(ini)], stdout=log, stderr=log)
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError("pgbouncer does not start")

    def environment(self, directory: Path, **extra: str) -> dict[str, str]:
        """What makes another process use the test's database through it, and the database itself for commands."""
        direct = environment(directory)["DATABASE_URL"]
        url = f"postgres://{connection.settings_dict['USER']}@127.0.0.1:{self.port}/{connection.settings_dict['NAME']}"
        return {"DATABASE_URL": url, "DATABASE_DIRECT_URL": direct, "DATABASE_POOLER": "transaction", **extra}

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
