"""`manage.py simulate` on a served demo: every order is brought to its end, whatever ends the run."""

import io
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command

from orders.models import Order
from ordersite.accounts.models import User
from ordersite.demo.sites import PASSWORD
from tests.demo.trying import ROOT, env_of, loaded_demo, serving

TOLD = re.compile(r"^(\d+) placed, (\d+) closed, (\d+) stuck$", re.MULTILINE)


@pytest.fixture(scope="module")
def loaded() -> Iterator[Path]:
    with loaded_demo() as found:
        yield found


@pytest.fixture
def directory(loaded: Path, tmp_path: Path) -> Path:
    """A copy of the demo, of its own."""
    return Path(shutil.copytree(loaded, tmp_path / "demo"))


def command(client: httpx.Client, **options: str) -> list[str]:
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "manage.py", "simulate", "--url", str(client.base_url), "--speed", "100", *given]


def sign_in_as_staff(client: httpx.Client) -> None:
    login = client.post("/api/v1/auth/token", json={"email": "staff@example.com", "password": PASSWORD}).json()
    client.headers["Authorization"] = f"Bearer {login['access']}"


def read_orders(client: httpx.Client) -> Any:
    """What staff read of all orders."""
    return client.get("/api/v1/orders?mode=dashboard&per_page=100").json()


def closed_of(told: str) -> int:
    """How many orders were placed, all of which were closed."""
    found = TOLD.search(told)
    assert found is not None, told
    assert found[1] == found[2], told
    assert found[3] == "0", told
    return int(found[1])


@pytest.mark.slow
def test_every_order_is_closed_when_the_time_is_over(directory: Path) -> None:
    with serving(directory) as client:
        sign_in_as_staff(client)
        before = {one["id"]: one["status"] for one in read_orders(client)["results"]}
        done = subprocess.run(
            command(client, rate="30", minutes="0.2"), cwd=ROOT, env=env_of(directory), capture_output=True, text=True
        )
        after = {one["id"]: one["status"] for one in read_orders(client)["results"]}
    assert (done.returncode, done.stderr) == (0, "")
    assert closed_of(done.stdout) == len(after) - len(before) > 0
    assert {number: after[number] for number in before} == before  # the demo's own are as they were


@pytest.mark.slow
def test_a_run_that_is_stopped_brings_its_orders_to_their_end(directory: Path) -> None:
    with serving(directory) as client:
        sign_in_as_staff(client)
        before = read_orders(client)["count"]
        started = subprocess.Popen(
            command(client, rate="60", minutes="60"), cwd=ROOT, env=env_of(directory), stdout=-1, stderr=-1, text=True
        )
        with started:
            for _ in range(600):
                if read_orders(client)["count"] > before:
                    break
                time.sleep(0.2)
            started.send_signal(signal.SIGTERM)
            out, err = started.communicate(timeout=400)
        after = read_orders(client)["count"]
    assert (started.returncode, err) == (0, "")
    assert closed_of(out) == after - before > 0


@pytest.mark.django_db
def test_is_refused_outside_development(settings: Any) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="ENVIRONMENT is development"):
        call_command("simulate", stdout=io.StringIO())
    assert (User.objects.filter(email__startswith="sim-").count(), Order.objects.count()) == (0, 0)
