"""The core stands below HTTP: what import-linter cannot say of a part of Django."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
HTTP = ("django.http", "django.shortcuts", "django.views", "django.urls")


def imported(source: str) -> set[str]:
    """The modules that a source imports, at whatever depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def of_http(source: str) -> set[str]:
    return {name for name in imported(source) if name.startswith(HTTP)}


def test_the_core_knows_no_http() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "ordersite/core"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    sources = {name: (ROOT / name).read_text() for name in listed if name.endswith(".py") and (ROOT / name).exists()}
    assert len(sources) > 10
    assert {name: found for name, source in sources.items() if (found := of_http(source))} == {}


def test_an_import_of_http_is_found() -> None:
    assert of_http("from django import http\nfrom django.db import models") == {"django.http"}
