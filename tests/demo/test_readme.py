"""The README's commands, as they stand there, on a demo that was just loaded; and once more."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.demo.trying import SHOWN, fresh_demo

ROOT = Path(settings.BASE_DIR)
README = (ROOT / "README.md").read_text()
TOOLS = ("bash", "curl", "jq")
# A curl in front of the real one, which tells the status of each answer besides.
CURL = """#!/bin/sh
exec {curl} -w '%{{stderr}}%{{method}} %{{url_effective}} %{{http_code}}\\n' "$@"
"""


# What the README calls; an order's id is told as N.
CALLS = """
POST /api/v1/auth/token 200
GET /api/v1/vendors?city=Brussels 200
GET /api/v1/vendors/3/menu 200
GET /api/v1/me/addresses 200
POST /api/v1/orders/quote 200
POST /api/v1/orders 201
GET /api/v1/orders/N 200
POST /api/v1/orders 201
GET /api/v1/orders/N 200
POST /api/v1/track 200
POST /api/v1/auth/token 200
GET /api/v1/orders?mode=dashboard&group=open&vendor=3 200
POST /api/v1/orders/N/transitions 200
POST /api/v1/orders/N/transitions 200
POST /api/v1/orders/N/transitions 200
GET /api/v1/vendors/3/events?since=0 200
POST /api/v1/auth/token 200
GET /dialects/kaddy/v1/orders 200
POST /api/v1/auth/token 200
GET /api/v1/drivers/me/offers 200
POST /api/v1/orders/N/transitions 200
POST /api/v1/orders/N/transitions 200
POST /api/v1/orders/N/transitions 200
POST /api/v1/auth/token 200
GET /api/v1/orders?mode=dashboard&group=open 200
POST /api/v1/orders/N/history 201
GET /api/v1/orders/N/history 200
GET /readyz 200
"""


def commands() -> str:
    """The blocks of the second terminal, in one script."""
    blocks = [block for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL) if "make run" not in block]
    return "\n".join(blocks)


def run_in_bash(script: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs a page's commands as a shell does that stops at the first fault, which fails the test."""
    done = subprocess.run(  # noqa: S603
        ["bash", "-euo", "pipefail"],  # noqa: S607
        input=script,
        text=True,
        capture_output=True,
        env={**os.environ, "NO_PROXY": "*", **env},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_each_block_is_one_that_bash_reads() -> None:
    assert commands().count("ask ") > 10
    subprocess.run(["bash", "-n"], input=commands(), text=True, check=True)  # noqa: S607


@pytest.mark.slow
@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}")
def test_the_readme_can_be_followed_twice_word_for_word(tmp_path: Path) -> None:
    curl = tmp_path / "curl"
    curl.write_text(CURL.format(curl=shutil.which("curl")))
    curl.chmod(0o755)
    with fresh_demo() as client:
        site = str(client.base_url).rstrip("/")
        script = commands().replace(SHOWN, site)
        for first in (45, 47):
            done = run_in_bash(script, PATH=f"{tmp_path}:{os.environ['PATH']}")
            calls = re.sub(r"/orders/\d+", "/orders/N", done.stderr.replace(site, ""))
            assert calls.split("\n")[:-1] == CALLS.strip().split("\n")
            order, guests = f"order {first}", f'"id":{first + 1},"name":"Lou Peeters","status":"pending"'
            assert order in done.stdout
            assert guests in done.stdout
            steps = "accepted_by_business looking_for_driver preparation_completed accepted_by_driver"
            steps += " pick_up_completed_by_driver delivery_completed_by_driver"
            assert [line for line in done.stdout.split("\n") if line in steps.split()] == steps.split()
            assert "null" not in done.stdout.replace('"to":null', "")


@pytest.mark.slow
@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}")
def test_the_page_of_menus_by_api_can_be_followed_twice_word_for_word() -> None:
    (block,) = re.findall(r"```bash\n(.*?)```", (ROOT / "docs/menu-api.md").read_text(), re.DOTALL)
    with fresh_demo() as client:
        script = block.replace(SHOWN, str(client.base_url).rstrip("/"))
        for outcomes in (["added", "changed"], ["unchanged", "unchanged"]):
            done = run_in_bash(script)
            *_, answer = done.stdout.splitlines()
            assert [row["outcome"] for row in json.loads(answer)["results"]] == outcomes
            assert '{"id":8,"name":"Viennoiseries"}' in done.stdout
