"""The migrated database, made once and copied: to migrate an empty one takes every worker of every run half a minute.

SQLite's is a file in .pytest_cache/, PostgreSQL's a database beside those of the tests. Each is named after the
migrations that made it: where one of them has changed, it is made anew.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".pytest_cache"


def copy_migrated() -> None:
    """Puts a migrated database in the place of the tests'; the first worker of a run makes what all of them copy."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"migrated-{connection.vendor}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.vendor == "postgresql":
            copy_database(make_database())
        else:
            copy_file(make_file())


def fingerprint() -> str:
    """Of every installed migration, those of Django and of the packages too."""
    read = hashlib.sha256((ROOT / "ordersite/core/online_migrations.py").read_bytes())
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            read.update(f"{config.label} {path.name}\n".encode() + path.read_bytes())
    return read.hexdigest()[:12]


def migrate(**environment: str) -> None:
    """In a process of its own, as an operator does."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True)


def make_file() -> Path:
    kept = FOLDER / f"migrated-{fingerprint()}.sqlite3"
    if not kept.exists():
        for older in FOLDER.glob("migrated-*.sqlite3"):
            older.unlink()
        with tempfile.TemporaryDirectory() as folder:
            migrate(DATA_DIR=folder)
            # The last connection that closes has written back what stood beside the file.
            shutil.copyfile(Path(folder, "ordersite.sqlite3"), half := kept.with_suffix(".half"))
        half.rename(kept)
    return kept


def copy_file(kept: Path) -> None:
    name = str(connection.settings_dict["TEST"]["NAME"])
    for left in (f"{name}-wal", f"{name}-shm", f"{name}-journal"):
        Path(left).unlink(missing_ok=True)
    shutil.copyfile(kept, name)


def make_database() -> str:
    prefix = f"{settings.TEST_NAME}_migrated_"
    kept, half = prefix + fingerprint(), f"{prefix}half"
    with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        found = {name for (name,) in cursor.fetchall()}
        if kept not in found:
            for older in found:
                cursor.execute(f'DROP DATABASE "{older}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{half}"')
            migrate(DATABASE_URL=urlsplit(settings.DATABASE_URL)._replace(path=f"/{half}").geturl())
            cursor.execute(f'ALTER DATABASE "{half}" RENAME TO "{kept}"')
    return kept


def copy_database(kept: str) -> None:
    drop_database()
    with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f'CREATE DATABASE "{connection.settings_dict["TEST"]["NAME"]}" TEMPLATE "{kept}"')


def drop_database() -> None:
    """Drops PostgreSQL's database of the tests, whoever is still at it: a test kills workers and closes no connection
    of theirs."""
    connection.close()
    with connection.creation._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f'DROP DATABASE IF EXISTS "{connection.settings_dict["TEST"]["NAME"]}" WITH (FORCE)')


def empty_quickly() -> None:
    """Lets a test with real transactions leave PostgreSQL's tables empty by DELETE: 0.02 s, where TRUNCATE, which makes
    the files of all tables and indexes anew, takes 1.4 s (same machine, same minute).

    Only where the role may set foreign keys aside (a superuser); elsewhere it stays as Django has it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (may_set_aside,) = cursor.fetchone()
    if may_set_aside:
        type(connection.ops).sql_flush = delete_statements  # type: ignore[method-assign]


def delete_statements(self: Any, style: Any, tables: Iterable[str], **how: bool) -> list[str]:
    """In the place of DatabaseOperations.sql_flush of PostgreSQL; sequences go on, as there."""
    rows = [f"DELETE FROM {self.quote_name(table)}" for table in tables]  # noqa: S608  our own tables
    return ["SET LOCAL session_replication_role = replica", *rows] if rows else []
