"""The calls of the OpenAPI document's examples (ordersite/demo/operations.py), made on a demo that was just loaded.

`python -m tests.demo.trying` writes the answers that the document shows.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from ordersite.demo.operations import ANSWERS, OPERATIONS, PASSWORD, TOKEN, Operation

ROOT = Path(__file__).resolve().parent.parent.parent
MOST = 2  # rows of a list that an example shows
SHOWN = "http://127.0.0.1:8000"


@contextmanager
def fresh_demo() -> Iterator[httpx.Client]:
    """A client of a server of its own, on SQLite, with the demo as `make run` loads it."""
    unset = ("DATABASE_URL", "REDIS_URL", "ORDERSITE_PROCESS")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        env |= {"ENVIRONMENT": "development", "DATA_DIR": directory}
        for command in (("migrate",), ("load_demo",)):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, capture_output=True)
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as process:
            try:
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
                    for _ in range(300):
                        with suppress(httpx.TransportError):
                            client.get("/healthz")
                            break
                        time.sleep(0.1)
                    yield client
            finally:
                process.terminate()


class Trying:
    """Makes the calls, one after another, on one demo."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.document = client.get("/api/v1/schema?format=json").json()
        self.tokens: dict[str, dict[str, str]] = {}
        self.answers: dict[str, httpx.Response] = {}
        # What no table can know: the parts of a call that a demo draws at random.
        self.drawn: dict[str, Callable[[], dict[str, Any]]] = {
            "createAuthTokenRefresh": lambda: {"refresh": self.sign_in("driver")["refresh"]},
            "createAuthLogout": lambda: {"refresh": self.sign_in("driver")["refresh"]},
            "readPurchase": lambda: {"purchase_uuid": self.placed()["purchase"]["uuid"]},
            "createTrack": lambda: {"code": self.placed()["purchase"]["tracking_code"]},
        }

    def placed(self) -> Any:
        return self.answers["placeOrder"].json()

    def sign_in(self, who: str) -> dict[str, str]:
        body = {"email": f"{who}@example.com", "password": PASSWORD}
        told: dict[str, str] = self.client.post("/api/v1/auth/token", json=body).json()
        return told

    def try_all(self) -> dict[str, httpx.Response]:
        """The answer of each operation, in the order of the table."""
        paths = {
            operation["operationId"]: (method, path, operation)
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
        }
        for name, call in OPERATIONS.items():
            self.answers[name] = self.make(name, call, *paths[name])
        return self.answers

    def make(self, name: str, call: Operation, method: str, path: str, operation: dict[str, Any]) -> httpx.Response:
        drawn = self.drawn.get(name, dict)()
        given = {key: drawn.get(key, value) for key, value in call.given.items()}
        in_path = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        query = {key: value for key, value in given.items() if key not in in_path}
        body = None if call.body is None else {key: drawn.get(key, value) for key, value in call.body.items()}
        headers = {}
        if call.who:
            if call.who not in self.tokens:
                self.tokens[call.who] = self.sign_in(call.who)
            headers["Authorization"] = f"Bearer {self.tokens[call.who]['access']}"
        return self.client.request(method, path.format(**given), params=query, json=body, headers=headers)


def shown(part: Any) -> Any:
    """An answer as the document shows it: long lists cut, and nothing that opens a door."""
    if isinstance(part, dict):
        return {key: shown(value) for key, value in part.items()}
    if isinstance(part, list):
        return [shown(one) for one in part[:MOST]]
    if isinstance(part, str):
        part = re.sub(r"^eyJ.+", TOKEN, part)
        part = re.sub(r"^ost_.+", "ost_…", part)
        return re.sub(r"http://127\.0\.0\.1:\d+", SHOWN, part)
    return part


def schema_of(operation: dict[str, Any], status: int) -> Any:
    """The schema of an operation's JSON answer, None where it has none."""
    content = operation["responses"].get(str(status), {}).get("content", {})
    return content.get("application/json", {}).get("schema")


def main() -> None:
    with fresh_demo() as client:
        trying = Trying(client)
        found = trying.try_all()
    told: dict[str, Any] = {}
    by_schema: dict[str, Any] = {}
    operations = {
        operation["operationId"]: operation for path in trying.document["paths"].values() for operation in path.values()
    }
    for name, call in OPERATIONS.items():
        schema = schema_of(operations[name], call.status)
        if found[name].status_code != call.status:
            print(name, found[name].status_code, "" if call.after else "WRONG", found[name].text[:300])
        elif schema:
            told[name] = by_schema[json.dumps(schema)] = shown(found[name].json())
    for name, call in OPERATIONS.items():
        schema = schema_of(operations[name], call.status)
        if schema and name not in told and json.dumps(schema) in by_schema:
            told[name] = by_schema[json.dumps(schema)]
    ANSWERS.write_text(json.dumps(dict(sorted(told.items())), indent=1, ensure_ascii=False) + "\n")
    left = [name for name in OPERATIONS if schema_of(operations[name], OPERATIONS[name].status) and name not in told]
    print("without an answer:", left, "without a call:", sorted(operations.keys() - OPERATIONS.keys()))


if __name__ == "__main__":
    main()
