"""Ports of a server that is tried: its own, and the next one, where the demo's payments are.

`make` runs this file before any package is installed, so it imports none: `python3 ordersite/web/ports.py PORT` leaves
with a sentence where the port cannot be served on.
"""

import socket
import sys

LOCAL = "127.0.0.1"
FIRST, LAST = 8000, 65535


def is_free_port(port: int, host: str = LOCAL) -> bool:
    """Whether this user could listen there now."""
    return port_error(port, host) is None


def port_error(port: int, host: str = LOCAL) -> OSError | None:
    """What the system says against listening there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            return error
    return None


def next_free_port(port: int, host: str = LOCAL) -> int:
    """The first port after this one that is free with the one after it; they begin anew at FIRST, and end there."""
    others = (*range(max(port + 1, FIRST), LAST), *range(FIRST, port))
    return next((one for one in others if is_free_port(one, host) and is_free_port(one + 1, host)), FIRST)


def port_fault(text: str) -> str:
    """What is wrong with a port that somebody typed, and what helps; "" for nothing."""
    if not (text.isdecimal() and text.isascii() and 0 < int(text) <= LAST):
        return f'PORT is "{text[:40]}": send a number from 1 to {LAST}.'
    error = port_error(int(text))
    if error is None:
        return ""
    why = "needs rights that you do not have" if isinstance(error, PermissionError) else "is in use"
    return f"Port {text} {why}. This one is free: make run PORT={next_free_port(int(text))}"


if __name__ == "__main__":
    sys.exit(port_fault(sys.argv[1]) or 0)
