"""How many statements a call sends to the database, without BEGIN and COMMIT."""

import json
import uuid
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from benchmarks import bare_settings

# Calls in a process of one's own: any host's name, and as many as there are.
UNLIMITED = {"ALLOWED_HOSTS": ["*"], "THROTTLE_CALLER": 0, "THROTTLE_ANONYMOUS": 0, "THROTTLE_TILL": 0}
TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def statements_of(requests: list[dict[str, Any]], *, bare: bool = False) -> int:
    """Makes the calls in this process, and returns what the last one cost: by then the menus are compiled."""
    settings = UNLIMITED
    if bare:
        settings = settings | {"ROOT_URLCONF": bare_settings.ROOT_URLCONF, "MIDDLEWARE": bare_settings.MIDDLEWARE}
    count = 0
    with override_settings(**settings):
        client = Client()
        for request in requests:
            headers = {"Authorization": f"Bearer {request['token']}"}
            if request["tenant"]:
                headers["X-Tenant"] = request["tenant"]
            if request["keyed"]:
                headers["Idempotency-Key"] = uuid.uuid4().hex
            with CaptureQueriesContext(connection) as queries:
                response = client.generic(
                    request["method"],
                    request["path"],
                    data=json.dumps(request["body"]) if request["body"] is not None else "",
                    content_type="application/json",
                    headers=headers,
                )
            if response.status_code >= 300:
                raise RuntimeError(f"{request['path']}: {response.status_code} {response.content[:500]!r}")
            count = sum(not query["sql"].startswith(TRANSACTIONS) for query in queries.captured_queries)
    return count
