"""Clients made from the OpenAPI documents by a public generator, talking to the site in this process."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

HOST = "http://testserver"
# Our own, and each dialect's.
DOCUMENTS = ("native", "kaddy", "kalixo", "kesk", "ordering", "shop")


def document_path(name: str) -> str:
    return "/api/v1/schema" if name == "native" else f"/dialects/{name}/schema"


def read_document(name: str) -> dict[str, Any]:
    """The OpenAPI document as its users fetch it."""
    document: dict[str, Any] = Client().get(document_path(name), headers={"Accept": "application/json"}).json()
    return document


class Generated:
    """A generated package and a client of it with a bearer; `call` makes one of its operations.

    `query` is what each call has in its query besides: a parameter that the generator leaves out.
    """

    def __init__(self, package: ModuleType, token: str, query: dict[str, str]) -> None:
        self.package = package
        client = importlib.import_module(f"{package.__name__}.client")
        self.client = client.AuthenticatedClient(
            base_url=HOST,
            token=token,
            httpx_args={"transport": httpx.WSGITransport(app=WSGIHandler()), "params": query},
        )

    def again(self, *, token: str, **query: str) -> "Generated":
        """The same package with another bearer."""
        return Generated(self.package, token, query)

    def module(self, name: str) -> ModuleType:
        """One of the package's modules, such as models or api.kaddy.get_order."""
        return importlib.import_module(f"{self.package.__name__}.{name}")

    def call(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """The parsed answer of an operation, after its status was as documented."""
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        try:
            return self.module(operation).sync_detailed(*args, client=self.client, **kwargs)
        finally:
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)


def generate(name: str, folder: Path, *, token: str) -> Generated:
    """Generates a client of the document into the folder, as its users would, and imports it."""
    folder.mkdir(exist_ok=True)
    source, config = folder / f"{name}.json", folder / "config.yml"
    source.write_text(json.dumps(read_document(name)))
    package = f"{name}_client"
    config.write_text(f"package_name_override: {package}\npost_hooks: []\n")
    command = ["generate", "--path", str(source), "--config", str(config), "--meta", "none", "--fail-on-warning"]
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *command, "--output-path", str(folder / package)],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        for module in [one for one in sys.modules if one.split(".")[0] == package]:
            del sys.modules[module]
        found = importlib.import_module(package)
        return Generated(found, token, {})
    finally:
        # The generated modules import each other by their package, which stays importable from here.
        sys.modules[package].__path__ = [str(folder / package)]
        sys.path.remove(str(folder))
