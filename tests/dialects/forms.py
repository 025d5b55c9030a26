"""A body as PHP's clients send it as a form."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode


def form_of(body: dict[str, Any]) -> str:
    """As http_build_query writes it: what is null, and an empty list, is left out."""
    return urlencode(list(pairs(body)))


def pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from pairs(inner, f"{name}[{key}]" if name else str(key))
    elif value is not None:
        yield name, str(int(value)) if isinstance(value, bool) else str(value)
