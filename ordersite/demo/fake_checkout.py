"""The fake provider's page on which somebody pays, fails, cancels, or lets the payment expire."""

from html import escape
from typing import Any, NamedTuple

STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; font: 1.0625rem/1.5 system-ui, sans-serif; color: #2b2118; background: #fbf6ee; }
main { max-width: 26rem; margin: 0 auto; padding: 3rem 1.25rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
p { margin: 0 0 1rem; }
button { display: block; width: 100%; margin: .75rem 0 0; padding: .9rem 1rem; font: inherit; border-radius: .75rem;
  border: 1px solid #8a7a66; background: #fff; color: #2b2118; cursor: pointer; }
button.first { background: #1f5f86; border-color: #1f5f86; color: #fff; font-weight: 600; }
button:focus-visible { outline: 3px solid #1f5f86; outline-offset: 2px; }
.note { color: #5c4c3b; }
@media (prefers-color-scheme: dark) {
  body { color: #f2ebe1; background: #1d1914; }
  button { background: #2a241d; color: #f2ebe1; }
  .note { color: #c9bba8; }
}
"""


class Choice(NamedTuple):
    """A button, and the state that it gives the payment."""

    label: str
    status: str


CHOICES = {
    "pay": Choice("Pay", "paid"),
    "fail": Choice("Fail", "failed"),
    "cancel": Choice("Cancel", "canceled"),
    "expire": Choice("Let it expire", "expired"),
}


def html_page(title: str, content: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}</title>\n<link rel="icon" href="data:,">\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n<h1>{title}</h1>\n{content}</main>\n</body>\n</html>\n"
    )


def checkout_page(payment: dict[str, Any]) -> str:
    """The page of an open payment."""
    amount = f"{payment['amount']['value']} {payment['amount']['currency']}"
    kept = '<p class="note">The card will be kept for next time.</p>\n' if payment["sequenceType"] == "first" else ""
    buttons = "".join(
        f'<button name="do" value="{name}"{" class=first" if name == "pay" else ""}>{escape(choice.label)}</button>\n'
        for name, choice in CHOICES.items()
    )
    return html_page(
        escape(f"Pay {amount}"),
        f"<p>{escape(payment['description'])}</p>\n{kept}"
        '<p class="note">A test provider: no money moves. Choose how the payment ends.</p>\n'
        f'<form method="post">\n{buttons}</form>\n',
    )


def message_page(text: str) -> str:
    return html_page("Test provider", f"<p>{escape(text)}</p>\n")
