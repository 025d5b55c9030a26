"""`make run` and `make fresh` leave the data of a site that is running alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ordersite.web.data_folder import hold

ROOT = Path(__file__).parent.parent.parent


def say(verb: str, folder: Path) -> str:
    """What the script says, run without the site's packages as `make` runs it."""
    command = [sys.executable, "-I", "ordersite/web/data_folder.py", verb, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == (1 if done.stderr else 0)
    return done.stderr.strip()


@pytest.mark.parametrize(
    ("verb", "remedy"),
    [
        ("run", "stop it first, or give this one a folder of its own: make run PORT=8010 DATA_DIR=var/second."),
        ("fresh", "stop it first (Ctrl-C in its terminal), then `make fresh`."),
    ],
)
def test_data_in_use_is_told_until_the_last_who_uses_it_ends(tmp_path: Path, verb: str, remedy: str) -> None:
    assert say(verb, tmp_path / "none") == say(verb, tmp_path) == ""
    held = [hold(tmp_path), hold(tmp_path)]  # a site and its worker
    for descriptor in held:
        assert say(verb, tmp_path) == f"A site or its worker is running with the data in {tmp_path}/: {remedy}"
        os.close(descriptor)
    assert say(verb, tmp_path) == ""


def test_make_fresh_takes_nothing_away_from_a_running_site(tmp_path: Path) -> None:
    names = ("ordersite.sqlite3", "feed-mark.json")
    for name in names:
        (tmp_path / name).write_text("kept")
    (tmp_path / "static").mkdir()
    fresh = ["make", "fresh", f"DATA_DIR={tmp_path}", f"PYTHON={sys.executable}"]
    held = hold(tmp_path)
    refused = subprocess.run(fresh, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert refused.returncode != 0
    assert "A site or its worker is running with the data in" in refused.stderr
    assert {path.name for path in tmp_path.iterdir()} == {*names, "static"}
    os.close(held)
    subprocess.run(fresh, cwd=ROOT, capture_output=True, timeout=120, check=True)
    assert list(tmp_path.iterdir()) == []
