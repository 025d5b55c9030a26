"""The AsyncAPI document and docs/feed.md say of the feed what its tables and its sockets do.

asyncapi-3.0.0.json is that version's JSON schema from @asyncapi/specs (Apache-2.0), without its texts and examples, and
without the bindings of other protocols than WebSocket.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft7Validator, validate

from orders.models import OrderEvent
from tests.tracking.live import ROOT
from tracking.feed import closings, consumers, entries
from tracking.feed.asyncapi import CHANNELS
from tracking.feed.routing import application

FEED_MD = (ROOT / "docs/feed.md").read_text()
KINDS = {*OrderEvent.Kind.values, "hidden", "hello", "reset"}


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    answer = client.get("/api/v1/asyncapi")
    assert answer.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = answer.json()
    return body


def test_it_is_an_asyncapi_document(document: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_text())
    validator = Draft7Validator(schema)
    assert [error.message for error in validator.iter_errors(document)] == []
    for wrong in ({"asyncapi": "3.0.0"}, {**document, "channels": {"x": {"adress": "/"}}}, {**document, "more": 1}):
        assert not validator.is_valid(wrong)


def test_each_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))
    assert references
    for reference in references:
        found: Any = document
        for part in reference.split("/"):
            found = found[part]


def test_it_is_served_for_the_host_that_is_asked(client: Client) -> None:
    servers = client.get("/api/v1/asyncapi", headers={"Host": "localhost:8123"}).json()["servers"]
    assert servers == {"site": {"host": "localhost:8123", "protocol": "ws"}}
    assert client.get("/api/v1/asyncapi", secure=True).json()["servers"]["site"]["protocol"] == "wss"


def test_its_channels_are_the_paths_with_what_they_take(document: dict[str, Any]) -> None:
    """Of the routes all but the last, which is any other path."""
    served = {}
    for route in application.routes[:-1]:
        address = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(route.pattern))
        served[address] = route.callback.consumer_class.parameters
    described = {
        one["address"]: tuple(one["bindings"]["ws"]["query"]["properties"]) for one in document["channels"].values()
    }
    assert described == served
    open_to_all = [name for name in CHANNELS if "security" not in document["operations"][f"watch{name.capitalize()}"]]
    assert open_to_all == ["order"]
    assert consumers.SUBPROTOCOL in document["info"]["description"]


def test_its_messages_are_the_kinds_of_the_code(document: dict[str, Any]) -> None:
    messages = document["components"]["messages"]
    assert set(messages) == KINDS == {*entries.KINDS, *entries.OTHERS}
    assert all(set(channel["messages"]) == KINDS for channel in document["channels"].values())
    for message in messages.values():
        for example in message["examples"]:
            validate(example["payload"], message["payload"])


def test_what_a_socket_sends_is_what_its_message_says(document: dict[str, Any]) -> None:
    at = datetime(2026, 11, 29, 10, tzinfo=UTC)
    sent = [entries.hello("5e8b", 0), entries.reset("5e8b", 7)]
    for kind in OrderEvent.Kind.values:
        for visible_to in OrderEvent.VisibleTo.values:
            for statuses in ((0, 7), (None, None)):
                event = (3, kind, *statuses, visible_to, at)
                sent += [entries.event_entry(42, 17, event, public=public) for public in (True, False)]
    kinds = set()
    for entry in sent:
        frame = json.loads(entry.text)
        payload = document["components"]["messages"][frame["kind"]]["payload"]
        validate(frame, {**payload, "additionalProperties": False})
        kinds.add(frame["kind"])
    assert kinds == KINDS


def test_it_and_the_docs_list_every_way_to_be_closed(document: dict[str, Any]) -> None:
    codes = {(one["code"], one.get("reason", "of the protocol")) for one in document["x-close-codes"]}
    defined = {value for value in vars(closings).values() if isinstance(value, closings.Closing)}
    assert set(closings.CLOSINGS) == defined
    assert codes == defined | {(code, "of the protocol") for code in closings.OF_THE_PROTOCOL}
    assert all(len(reason.encode()) <= 123 for _, reason in defined)
    listed = {(int(code), reason) for code, reason in re.findall(r"^\| (\d{4}) \| ([^|]+) \|", FEED_MD, re.MULTILINE)}
    assert listed == codes


def test_the_docs_list_every_kind_with_its_meaning() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", FEED_MD, re.MULTILINE))
    assert listed == {**entries.KINDS, **entries.OTHERS}


def test_the_pages_lead_to_it(client: Client) -> None:
    assert "/api/v1/asyncapi" in client.get("/api/v1/schema?format=json").json()["info"]["description"]
    assert "/api/v1/asyncapi" in FEED_MD
