"""What headers and a path may be, before anything parses them: Python and Django do some of it in quadratic time."""

import codecs
import re
from collections.abc import Iterable, MutableMapping
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.utils.http import parse_header_parameters

from ordersite.web.problems import Problem

Headers = list[tuple[bytes, bytes]]

# A key of an ASGI scope or a WSGI environment: the Problem of a request whose headers are refused.
REFUSED = "ordersite.refused"
MOST_PATH = 2_000  # characters of an address without its query
SHOWN_PATH = 100  # characters of a longer one that are kept, by which the shape of the refusal is chosen
MOST_BYTES = 16_000  # of all headers together: each has four besides its name and its value
# Characters of the values that are parsed into parts, each of which costs more than a look; repetitions count together.
MOST_CHARACTERS = {
    b"content-type": 256,
    b"content-disposition": 256,
    b"accept": 1_000,
    b"accept-language": 1_000,
    b"if-match": 1_000,
    b"if-none-match": 1_000,
    b"range": 256,
    b"origin": 1_000,
    b"host": 256,
}
# Python's names of charsets: others are no text (hex), or fail at a character that they do not know (idna).
CHARSETS = ("utf-8", "ascii", "iso8859-1", "cp1252")
# What a refused request keeps: for its id, and so that a browser shows the refusal.
KEPT = (b"host", b"origin", b"x-request-id")
# A cookie of ours holds no more than these; a quoted value is nobody's of ours.
PLAIN = re.compile(rb"[!#-+\--:<-\[\]-~]*")


def fault_of_path(path: str) -> Problem | None:
    """414 for an address that is too long."""
    if len(path) <= MOST_PATH:
        return None
    detail = f"The URL is longer than {MOST_PATH} characters: send a shorter one."
    return Problem("address_too_long", detail, status=414)


def check_headers(headers: Headers) -> tuple[Headers, Problem | None]:
    """The headers to go on with, lower-case names as ASGI has them, and why the request is refused, if it is."""
    problem = fault_of_headers(headers)
    if problem is not None:
        return [(name, value) for name, value in headers if name in KEPT and len(value) <= 256], problem
    return [(name, own_cookies(value) if name == b"cookie" else value) for name, value in headers], None


def fault_of_headers(headers: Headers) -> Problem | None:
    """431 for headers that are too long, which names the first that is; 415 for a Content-Type that nobody can read."""
    if sum(len(name) + len(value) + 4 for name, value in headers) > MOST_BYTES:
        return Problem(
            "headers_too_large",
            f"The headers are larger than {MOST_BYTES} bytes: send fewer or shorter ones.",
            status=431,
        )
    lengths = dict.fromkeys(MOST_CHARACTERS, 0)
    for name, value in headers:
        if name in lengths:
            lengths[name] += len(value)
    for name, most in MOST_CHARACTERS.items():
        if lengths[name] > most:
            detail = f"The header {name.decode().title()} is longer than {most} characters: send a shorter one."
            if name == b"content-type":
                return Problem("unsupported_media_type", detail, status=415)
            return Problem("headers_too_large", detail, status=431)
    if not all(is_readable(value.decode("latin-1")) for name, value in headers if name == b"content-type"):
        detail = "The header Content-Type is malformed, or its charset is not supported: send UTF-8."
        return Problem("unsupported_media_type", detail, status=415)
    return None


def is_readable(content_type: str) -> bool:
    """Whether Django can read it, and the query with its charset: it does so before any view, and would fail."""
    try:
        charset = codecs.lookup(parse_header_parameters(content_type)[1].get("charset", "utf-8")).name
    except LookupError:
        return True  # Django passes it over
    except ValueError:
        return False
    return charset in CHARSETS


def own_cookies(value: bytes) -> bytes:
    """The cookies that are read here, of a Cookie header that may hold those of others, too."""
    names = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, CookieStorage.cookie_name}
    names |= {settings.DEVICE_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, settings.ORDER_TOKEN_COOKIE_NAME}
    pairs = [pair.strip().partition(b"=") for pair in value.split(b";")]
    return b"; ".join(
        name + b"=" + text for name, _, text in pairs if name.decode("latin-1") in names and PLAIN.fullmatch(text)
    )


class WsgiDoor:
    """Wraps a WSGI application: what Door does with the headers and the path of an ASGI scope."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: MutableMapping[str, Any], start_response: Any) -> Iterable[bytes]:
        keys = {key: header_of(key) for key in environ if key.startswith("HTTP_") or key == "CONTENT_TYPE"}
        given = [(name, str(environ[key]).encode("latin-1", "replace")) for key, name in keys.items()]
        kept, problem = check_headers(given)
        if too_long := fault_of_path(environ.get("PATH_INFO", "")):
            environ["PATH_INFO"] = environ["PATH_INFO"][:SHOWN_PATH]
        environ[REFUSED] = too_long or problem
        values = dict(kept)
        for key, name in keys.items():
            if name in values:
                environ[key] = values[name].decode("latin-1")
            else:
                del environ[key]
        found: Iterable[bytes] = self.app(environ, start_response)
        return found


def header_of(key: str) -> bytes:
    """The header that a key of a WSGI environment stands for."""
    return key.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1", "replace")
