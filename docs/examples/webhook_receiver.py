"""Receives webhooks of the site, without any package: `python webhook_receiver.py 9000 whsec_…`.

Copy `verify`: it needs the bytes of the body as they came, before anything parsed them.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

TOLERANCE = 300  # seconds


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> Any:
    """What a webhook says; raises ValueError where it is old, or not the site's. Headers' names are in lower case."""
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        raise ValueError("too old")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # Two for a day after the secret was changed, with a space between.
    if not any(hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split(" ")):
        raise ValueError("signed by somebody else")
    return json.loads(body)


class Handler(BaseHTTPRequestHandler):
    seen: set[str] = set()  # in a real receiver: a column with a unique index

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            message = verify(sys.argv[2], headers, body)
        except (KeyError, ValueError) as error:
            print("refused:", error, flush=True)
            self.send_response(401)
        else:
            if headers["webhook-id"] not in self.seen:  # the same message may come again
                self.seen.add(headers["webhook-id"])
                print(message["type"], json.dumps(message["data"]), flush=True)
            self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Nothing but the messages."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
