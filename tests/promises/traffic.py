"""Ordinary requests in the background: how long each took and what it answered."""

import http.client
import threading
import time


class Traffic(threading.Thread):
    """One client that asks again and again on one connection, until it is stopped."""

    def __init__(self, port: int, path: str, token: str, pause: float = 0.01) -> None:
        super().__init__()
        self.port, self.path, self.pause = port, path, pause
        self.headers = {"Authorization": f"Bearer {token}"}
        self.answers: list[tuple[float, float, int]] = []  # when it was asked, seconds, status (0: none)
        self.is_over = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.is_over.is_set():
            began = time.monotonic()
            try:
                connection.request("GET", self.path, headers=self.headers)
                response = connection.getresponse()
                response.read()
                status = response.status
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            self.answers.append((began, time.monotonic() - began, status))
            time.sleep(self.pause)
        connection.close()

    def stop(self) -> None:
        self.is_over.set()
        self.join(40)


def p99(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
