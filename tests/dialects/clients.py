"""Typed clients made from the six documents by public generators: checked strictly, and run as docs/clients.md says.

`python -m tests.dialects.clients` needs npm and the registries of PyPI and npm, and takes about a minute.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.demo.trying import fresh_demo
from tests.dialects.generated import DOCUMENTS, document_path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "clients.md"
SITE = "http://127.0.0.1:8000"  # as the page says it
STRICT = ("--strict", "--noEmit", "--target", "es2022", "--module", "nodenext")
LONGEST = 150  # seconds that one command may take


class Failed(Exception):
    """A command failed; its output says why."""


def run(command: Sequence[str], folder: Path, **env: str) -> str:
    """The output of a command, which has to succeed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)[:200]}\n{done.stdout[-4000:]}")
    return done.stdout


def blocks_of_page() -> list[str]:
    """What the page has its reader type, block by block."""
    return re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def follow_page(site: str, folder: Path) -> None:
    """Types what the page says, in a folder with its examples; each of them places an order and shows a refusal."""
    shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
    for block in blocks_of_page():
        told = run(["bash", "-euo", "pipefail", "-c", block.replace(SITE, site)], folder, SITE=site)
        order, refusal = told.strip().splitlines()[-2:]
        if not re.fullmatch(r"order \d+: pending, \d+\.\d\d EUR", order) or not refusal.startswith(
            "refused: /vendor: "
        ):
            raise Failed(f"{block}\n{told}")


def check_python(site: str, folder: Path) -> None:
    """Makes the client of each document, without a warning, and has mypy read them all."""
    config = folder / "config.yml"
    for name in DOCUMENTS:
        # The generator waits for a document 5 s unless told, which a busy machine may need to make it.
        config.write_text(f"package_name_override: {name}_client\npost_hooks: []\nhttp_timeout: {LONGEST}\n")
        asked = ["--url", f"{site}{document_path(name)}", "--config", str(config), "--meta", "none"]
        run([sys.executable, "-m", "openapi_python_client", "generate", *asked, "--fail-on-warning"], folder)
    packages = [f"{name}_client" for name in DOCUMENTS]
    run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / ".mypy"), *packages], folder)


def check_page_and_typescript(site: str, folder: Path) -> None:
    """Does what the page says; makes the types of each document with what it installed, and has tsc read them all."""
    follow_page(site, folder)
    folder = folder / "var" / "typescript"
    bin_ = folder / "node_modules" / ".bin"
    for name in DOCUMENTS:
        run([str(bin_ / "openapi-typescript"), f"{site}{document_path(name)}", "-o", f"{name}.d.ts"], folder)
    run([str(bin_ / "tsc"), *STRICT, *(f"{name}.d.ts" for name in DOCUMENTS)], folder)


def main() -> int:
    with tempfile.TemporaryDirectory() as directory, fresh_demo() as client:
        site, folder = str(client.base_url).rstrip("/"), Path(directory)
        client.get("/readyz").raise_for_status()
        with ThreadPoolExecutor() as pool:
            checks = [pool.submit(check, site, folder) for check in (check_python, check_page_and_typescript)]
        for fault in filter(None, (check.exception() for check in checks)):
            print(fault)
            return 1
    print(f"Clients of {len(DOCUMENTS)} documents pass mypy --strict and tsc --strict; docs/clients.md works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
