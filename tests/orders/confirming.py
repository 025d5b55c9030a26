"""Pages that ask before money moves: what they show, and pressing their button."""

import re
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

# What an account is called by programs, such as "cash:driver-3:EUR".
ACCOUNT_CODE = re.compile(r"\b[a-z]+:(?:driver-)?[0-9]*:[A-Z]{3}\b")


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def told(client: Client, url: str, form: dict[str, Any]) -> list[str]:
    """Presses a button; the messages that the next page will show."""
    # What no page has shown yet is still in the cookie.
    client.cookies.pop("messages", None)
    response = client.post(url, form)
    assert response.status_code == 302
    return messages_of(response)


def shown_in(page: str) -> dict[str, str]:
    """What the form of a page that asks sends."""
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found, page
    return {"shown": found[1]}


def asked(client: Client, url: str, **fields: Any) -> tuple[str, dict[str, str]]:
    """The page that asks, as text, and what its form sends; it names accounts in words."""
    page = client.get(url, fields)
    assert page.status_code == 200, messages_of(page)
    assert ACCOUNT_CODE.findall(page.content.decode()) == []
    return page.content.decode(), shown_in(page.content.decode())


def not_asked(client: Client, url: str, **fields: Any) -> list[str]:
    """Why no page asks: the messages of what leads back."""
    client.cookies.pop("messages", None)
    response = client.get(url, fields)
    assert response.status_code == 302
    return messages_of(response)


def confirm(client: Client, url: str, **fields: Any) -> list[str]:
    """Looks at the page that asks, and presses its button; the messages."""
    return told(client, url, asked(client, url, **fields)[1])
