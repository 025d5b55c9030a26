"""A geocoder of our own that speaks Nominatim's and Photon's protocol, or says nonsense."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class FakeGeocoder:
    """Answers what `answers` says for a path.

    `slow` waits so many seconds first, `trickles` sends byte by byte, `drips` one header without an end.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.agents: list[str] = []
        self.traces: list[str | None] = []
        self.slow = 0.0
        self.trickles = 0.0
        self.drips = 0.0
        self.status = 200
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                fake.asked.append((parts.path, dict(parse_qsl(parts.query))))
                fake.agents.append(self.headers["User-Agent"])
                fake.traces.append(self.headers["traceparent"])
                time.sleep(fake.slow)
                answer = fake.answers.get(parts.path, [])
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                try:
                    while fake.drips:
                        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-A: " if not self.close_connection else b"x")
                        self.close_connection = True
                        time.sleep(fake.drips)
                    self.send_response(fake.status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    for at in range(0, len(body), 1 if fake.trickles else len(body)):
                        self.wfile.write(body[at : at + 1] if fake.trickles else body)
                        self.wfile.flush()
                        time.sleep(fake.trickles)
                except OSError:
                    pass

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # Looks every 0.01 s whether it is to stop: by default twice a second, for which each test would wait.
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def nominatim(text: str, lat: float, lng: float) -> dict[str, Any]:
    """A row of Nominatim's answer."""
    return {"place_id": 1, "display_name": text, "lat": str(lat), "lon": str(lng), "type": "house"}


def photon(lat: float, lng: float, **properties: str) -> dict[str, Any]:
    """A feature of Photon's answer."""
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lng, lat]}, "properties": properties}
