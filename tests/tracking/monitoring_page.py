"""The table of docs/monitoring.md: every metric. `python -m tests.tracking.monitoring_page [--check]`."""

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "monitoring.md"
BEGIN, END = "<!-- table: made by tests/tracking/monitoring_page.py -->\n", "<!-- end of the table -->\n"


def table() -> Iterator[str]:
    # After django.setup(); whatever counts is imported by what serves HTTP and sockets, and by the worker.
    for module in ("ordersite.urls", "tracking.feed.routing", "tracking.metrics.pool"):
        import_module(module)
    from ordersite.core.metrics import DESCRIBED  # noqa: PLC0415

    yield "\n| metric | type | labels | what it is |\n| --- | --- | --- | --- |\n"
    for one in sorted(DESCRIBED.values(), key=lambda one: one.name):
        labels = ", ".join(f"`{label}`" for label in one.labels)
        yield f"| `{one.name}` | {one.kind} | {labels} | {one.meaning} |\n"
    yield "\n"


def page() -> str:
    text = PAGE.read_text()
    return text[: text.index(BEGIN) + len(BEGIN)] + "".join(table()) + text[text.index(END) :]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
    import django

    django.setup()
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else f"{PAGE} is not what is counted: run this without --check.")
    PAGE.write_text(page())
