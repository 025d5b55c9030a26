"""deploy/backup, and docs/running.md's commands that bring one back, on a database of the test's own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.cast import Cast
from tests.orders.rows import make_order
from tests.tracking.live import environment

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = f"backed_up_{os.getpid()}"
pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
# What the commands call, without a machine of its own: no processes run, and who tests may do what postgres may.
CALLED = """
systemctl() { :; }
runuser() { shift 3; "$@"; }
ordersite-pg() { "$FOLDER/ordersite-pg" "$@"; }
ordersite() { (cd "$ROOT" && "$PYTHON" manage.py "$@"); }
"""


def bringing_back() -> str:
    """The commands of the page."""
    _, _, page = (ROOT / "docs/running.md").read_text().partition("\n## Backup\n")
    found = re.search(r"```bash\n(AT=.*?)```", page, re.DOTALL)
    assert found, "the page says how"
    return found[1]


class Site:
    """A database and a folder of files, as of one machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.backups = folder, folder / "var", folder / "backups"
        for name in ("media", "private"):
            (self.data / name).mkdir(parents=True)
        (self.data / "private/photo.jpg").write_text("a photo")
        self.source = environment(folder)["DATABASE_URL"]
        self.url = urlsplit(self.source)._replace(path=f"/{NAME}").geturl()
        (folder / "site.env").write_text(f"DATABASE_URL='{self.url}'\nDATA_DIR='{self.data}'\n")
        for name in ("backup", "ordersite-pg"):
            (folder / name).write_text(self.here((ROOT / "deploy" / name).read_text()))
            (folder / name).chmod(0o755)

    def here(self, text: str) -> str:
        """Paths and the database's name of this site."""
        owner = urlsplit(self.source).username
        for standing, own in (
            ("/etc/ordersite.env", f"{self.folder}/site.env"),
            ("/usr/local/bin/ordersite-pg", f"{self.folder}/ordersite-pg"),
            ("/var/backups/ordersite", str(self.backups)),
            ("/srv/ordersite/var", str(self.data)),
            ("--owner ordersite", f"--owner {owner}"),
            ("DATABASE ordersite RENAME TO ordersite_before", f"DATABASE {NAME} RENAME TO {NAME}_before"),
            ("template0 ordersite", f"template0 {NAME}"),
        ):
            text = text.replace(standing, own)
        return text

    def run(self, script: str) -> None:
        at = urlsplit(self.source)
        env = environment(self.folder, DATABASE_URL=self.url, DATA_DIR=str(self.data), ORDERSITE_PROCESS="")
        env |= {"FOLDER": str(self.folder), "ROOT": str(ROOT), "PYTHON": sys.executable, "PGDATABASE": "postgres"}
        env |= {"PGHOST": at.hostname or "", "PGPORT": str(at.port), "PGUSER": at.username or ""}
        env |= {"PGPASSWORD": at.password} if at.password else {}
        done = subprocess.run(["bash", "-euc", CALLED + script], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, statement: str) -> Any:
        with psycopg.connect(self.url, autocommit=True) as own:
            found = own.execute(statement)
            return found.fetchone() if found.description else None


@pytest.fixture
def site(cast: Cast, tmp_path: Path) -> Iterator[Site]:
    """A copy of the test's database, with one order."""
    make_order(cast)
    site = Site(tmp_path)
    admin = urlsplit(site.source)._replace(path="/postgres").geturl()
    with psycopg.connect(admin, autocommit=True) as own:
        own.execute(f"CREATE DATABASE {NAME}")
        copied = f"pg_dump --no-owner '{site.source}' | psql -qX -v ON_ERROR_STOP=1 '{site.url}' >'{tmp_path}/log'"
        subprocess.run(["sh", "-c", copied], check=True)
        yield site
        for name in (NAME, f"{NAME}_before"):
            own.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_a_backup_is_brought_back_after_a_newer_version(site: Site) -> None:
    order, epochs = (
        site.ask("SELECT min(id), count(*) FROM orders_order"),
        site.ask("SELECT count(*) FROM orders_feedepoch"),
    )
    site.run(f'"$FOLDER/backup" "{site.backups}"')
    assert sorted(path.suffix for path in site.backups.iterdir()) == [".dump", ".gz"]
    assert {path.stat().st_mode & 0o077 for path in site.backups.iterdir()} == {0}
    # What came after it: a name, a file that went, and a table of a version that is taken back.
    site.ask("CREATE TABLE newer (order_id bigint REFERENCES orders_order)")
    site.ask("INSERT INTO newer SELECT id FROM orders_order")
    site.ask("UPDATE vendors_vendor SET name = 'after the backup'")
    (site.data / "private/photo.jpg").unlink()
    [dump] = site.backups.glob("*.dump")
    site.run(re.sub(r"AT=\S+", f"AT={dump.stem}", site.here(bringing_back())))
    assert site.ask("SELECT min(id), count(*) FROM orders_order") == order
    assert site.ask("SELECT count(*) FROM vendors_vendor WHERE name = 'after the backup'") == (0,)
    assert site.ask("SELECT to_regclass('newer')") == (None,)
    assert site.ask("SELECT count(*) FROM orders_feedepoch") == (epochs[0] + 1,)
    assert (site.data / "private/photo.jpg").read_text() == "a photo"
