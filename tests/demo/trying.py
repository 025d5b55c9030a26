"""The calls of the OpenAPI documents' examples (ordersite/demo/examples.py), made on a demo that was just loaded.

`python -m tests.demo.trying` writes the answers that the documents show; with a document's name, its alone.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from ordersite.demo.examples import TABLES, path_of
from ordersite.demo.operations import TOKEN, Operation
from ordersite.demo.sites import PASSWORD
from tests.dialects.generated import document_path
from tests.promises.pictures import encoded, plain

ROOT = Path(__file__).resolve().parent.parent.parent
MOST = 2  # rows of a list that an example shows
SHOWN = "http://127.0.0.1:8000"


@contextmanager
def loaded_demo() -> Iterator[Path]:
    """A data directory with the demo as `make run` loads it, on SQLite."""
    with tempfile.TemporaryDirectory() as directory:
        for command in (("migrate",), ("load_demo",)):
            started = [sys.executable, "manage.py", *command]
            subprocess.run(started, cwd=ROOT, env=env_of(directory), check=True, capture_output=True)
        yield Path(directory)


def env_of(directory: Path | str) -> dict[str, str]:
    unset = ("DATABASE_URL", "REDIS_URL", "ORDERSITE_PROCESS", "SIMULATE")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    return env | {"ENVIRONMENT": "development", "DATA_DIR": str(directory)}


@contextmanager
def served(loaded: Path) -> Iterator[httpx.Client]:
    """A client of a server of its own, on a copy of the demo."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(loaded, directory, dirs_exist_ok=True)
        with serving(directory) as client:
            yield client


@contextmanager
def serving(directory: Path | str, **env: str) -> Iterator[httpx.Client]:
    """A client of a server of its own, on this data directory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=env_of(directory) | env, stdout=subprocess.DEVNULL) as process:
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


@contextmanager
def fresh_demo() -> Iterator[httpx.Client]:
    """A client of a server with a demo that nobody has touched yet."""
    with loaded_demo() as loaded, served(loaded) as client:
        yield client


class Trying:
    """Makes the calls of a document, one after another, on one demo."""

    def __init__(self, client: httpx.Client, name: str = "native") -> None:
        self.client = client
        self.table = TABLES[name]
        self.document = client.get(f"{document_path(name)}?format=json").json()
        self.tokens: dict[str, dict[str, str]] = {}
        self.answers: dict[str, httpx.Response] = {}
        # What no table can know: the parts of a call that a demo draws at random, and those that are of now.
        self.drawn: dict[str, Callable[[], dict[str, Any]]] = DRAWN[name](self) if name in DRAWN else {}

    def told(self, name: str) -> Any:
        """What a call of before was answered."""
        return self.answers[name].json()

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
        for name, call in self.table.items():
            self.answers[name] = self.make(name, call, *paths[name])
        return self.answers

    def make(self, name: str, call: Operation, method: str, path: str, operation: dict[str, Any]) -> httpx.Response:
        drawn = self.drawn.get(name, dict)()
        given = {key: drawn.get(key, value) for key, value in call.given.items()}
        lies = {one["name"]: one["in"] for one in operation.get("parameters", ())}
        query = {key: value for key, value in given.items() if lies[key] == "query"}
        body = None if call.body is None else {key: drawn.get(key, value) for key, value in call.body.items()}
        headers = {key: value for key, value in given.items() if lies[key] == "header"}
        if call.who:
            if call.who not in self.tokens:
                self.tokens[call.who] = self.sign_in(call.who)
            headers["Authorization"] = f"Bearer {self.tokens[call.who]['access']}"
        media = operation.get("requestBody", {}).get("content", {})
        sent = as_form(body) if body and list(media) == ["multipart/form-data"] else {"json": body}
        return self.client.request(method, path.format(**given), params=query, headers=headers, **sent)


def as_form(body: dict[str, Any]) -> dict[str, Any]:
    """A body as a form with files: a photo in its part, and what is an object as JSON."""
    texts = {key: json.dumps(value) for key, value in body.items() if key != "photo"}
    return {"data": texts, "files": {"photo": (body["photo"], encoded(plain(), "PNG"), "image/png")}}


def drawn_natively(trying: Trying) -> dict[str, Callable[[], dict[str, Any]]]:
    return {
        "createAuthTokenRefresh": lambda: {"refresh": trying.sign_in("driver")["refresh"]},
        "createAuthLogout": lambda: {"refresh": trying.sign_in("driver")["refresh"]},
        "readPurchase": lambda: {"purchase_uuid": trying.told("placeOrder")["purchase"]["uuid"]},
        "readDeliveryProof": lambda: {"proof_uuid": trying.told("addDeliveryProof")["id"]},
        "pairDevice": lambda: {"code": trying.told("createDevices")["code"]},
        "markShown": lambda: {"epoch": trying.told("readVendorEvents")["epoch"], "position": 0},
        "createTrack": lambda: {"code": trying.told("placeOrder")["purchase"]["tracking_code"]},
    }


def drawn_by_kaddy(trying: Trying) -> dict[str, Callable[[], dict[str, Any]]]:
    def first() -> dict[str, Any]:
        return {"order_uuid": trying.told("listUnconfirmedOrders")[0]["id"]}

    return {"getOrder": first, "confirmOrder": first}


def drawn_by_kesk(trying: Trying) -> dict[str, Callable[[], dict[str, Any]]]:
    return {"trackOrder": lambda: {"code": trying.told("appCreate")["data"]["code"]}}


def drawn_by_ordering(trying: Trying) -> dict[str, Callable[[], dict[str, Any]]]:
    return {"createOrder": lambda: {"delivery_datetime": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"}}


DRAWN = {
    "native": drawn_natively,
    "kaddy": drawn_by_kaddy,
    "kesk": drawn_by_kesk,
    "ordering": drawn_by_ordering,
}


def shown(part: Any) -> Any:
    """An answer as the document shows it: long lists cut, and nothing that opens a door."""
    if isinstance(part, dict):
        return {key: shown(value) for key, value in part.items()}
    if isinstance(part, list):
        return [shown(one) for one in part[:MOST]]
    if isinstance(part, str):
        part = re.sub(r"^eyJ.+", TOKEN, part)
        part = re.sub(r"^(ost|osd|whsec)_.+", r"\1_…", part)
        return re.sub(r"http://127\.0\.0\.1:\d+", SHOWN, part)
    return part


def body_of(response: httpx.Response) -> Any:
    """An answer's body as an example can show it: JSON, the first lines of a text, the first bytes of a picture."""
    media = response.headers["Content-Type"].partition(";")[0]
    if media.endswith("json"):
        return shown(response.json())
    if media.startswith("text/"):
        return "".join(response.text.splitlines(keepends=True)[: MOST + 1])
    return f"{response.content[:12].hex(' ')} …"


def content_of(operation: dict[str, Any], status: int) -> dict[str, Any]:
    """What an operation answers with, by its media types; empty where it has no body."""
    content: dict[str, Any] = operation["responses"].get(str(status), {}).get("content", {})
    return content


def record(trying: Trying) -> dict[str, Any]:
    """What each call of the document was answered; one that works on no fresh demo as another of the same schema."""
    found, told, by_schema = trying.try_all(), {}, {}
    operations = {
        operation["operationId"]: operation for path in trying.document["paths"].values() for operation in path.values()
    }
    contents = {name: content_of(operations[name], call.status) for name, call in trying.table.items()}
    kinds = {name: json.dumps([media["schema"] for media in one.values()]) for name, one in contents.items()}
    for name, call in trying.table.items():
        if found[name].status_code != call.status:
            print(name, found[name].status_code, "" if call.after else "WRONG", found[name].text[:300])
        elif contents[name]:
            told[name] = by_schema[kinds[name]] = body_of(found[name])
    for name in contents:
        if contents[name] and name not in told and kinds[name] in by_schema:
            told[name] = by_schema[kinds[name]]
    left = [name for name in contents if contents[name] and name not in told]
    print("without an answer:", left, "without a call:", sorted(operations.keys() - trying.table.keys()))
    return dict(sorted(told.items()))


def main() -> None:
    """Writes the answers of all documents, or of those that are named."""
    with loaded_demo() as loaded:
        for name in sys.argv[1:] or TABLES:
            with served(loaded) as client:
                told = record(Trying(client, name))
            path_of(name).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
