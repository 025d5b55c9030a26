"""What a benchmark runs on whose servers read the environment of this process."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def own_site(name: str) -> Iterator[Path]:
    """A database beside DATABASE_URL's and a folder of data, both gone at the end; gives the folder.

    From here on the environment names both. Without DATABASE_URL the database is a file of SQLite in that folder.
    Nothing that reads the settings may be imported before.
    """
    url, name = os.environ.get("DATABASE_URL", ""), f"bench_{name}_{os.getpid()}"
    if url:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        os.environ["DATABASE_URL"] = f"{url.rsplit('/', 1)[0]}/{name}"
    # A browser's loop runs in this thread, which Django takes for asynchronous code.
    os.environ |= {"DJANGO_SETTINGS_MODULE": "ordersite.settings", "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
    try:
        with tempfile.TemporaryDirectory() as directory:
            os.environ["DATA_DIR"] = directory
            yield Path(directory)
    finally:
        if url:
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
