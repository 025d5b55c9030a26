"""The tables of docs/rights.md: which role may do what. `python -m tests.promises.rights_page [--check]`."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "rights.md"
BEGIN, END = "<!-- tables: made by tests/promises/rights_page.py -->\n", "<!-- end of the tables -->\n"
EVERYWHERE = "accounts.act_everywhere"
PAGES = """\
view opens the list and the page, add makes a new row, change writes to one that is there, and delete takes it away. \
Orders, codes, refunds and payments to check have no such forms: there add is to take an order by phone, to import \
codes, to give money back; change is to press an order's buttons, to see to a refund, to check a payment; and delete \
takes an order out of the lists, by the API."""


def tables() -> Iterator[str]:
    """Acts of the API by role, then pages of the back-office by role."""
    from django.contrib import admin  # noqa: PLC0415  after django.setup()

    from ordersite.accounts.roles import ROLES  # noqa: PLC0415
    from tests.promises.acts import ACTS, BUTTONS, FOR_EVERYWHERE  # noqa: PLC0415

    heads = " | ".join(ROLES)
    rule = "| --- | --- |" + " --- |" * len(ROLES)
    yield f"\n## By the API and the dialects\n\n| act | rights | {heads} |\n{rule}\n"
    for act in ACTS:
        # Without ACT_EVERYWHERE it is the membership that lets a vendor's people do it, for their vendors.
        marks = [
            ("✓" if set(act.rights) <= held else "") if EVERYWHERE in held else ("own" if act.own else "")
            for held in ROLES.values()
        ]
        rights = ", ".join(f"`{right.value}`" for right in act.rights)
        yield f"| {act.name} | {rights} | {' | '.join(marks)} |\n"
    yield f"\n## Buttons of the back-office\n\n| button | rights | {heads} |\n{rule}\n"
    for name, needed in BUTTONS.items():
        closed = any(part in name for part in FOR_EVERYWHERE)
        marks = [
            ("✓" if EVERYWHERE in held else "" if closed else "own") if set(needed) <= held else ""
            for held in ROLES.values()
        ]
        rights = ", ".join(f"`{right}`" for right in needed)
        yield f"| {name.partition('_')[2].replace('_', ' ')} | {rights} | {' | '.join(marks)} |\n"
    yield f"\n## Pages of the back-office\n\n{PAGES}\n\n| page | of | {heads} |\n{rule}\n"
    for model in sorted(admin.site._registry, key=lambda model: (model._meta.app_label, model._meta.model_name or "")):
        label, name = model._meta.app_label, model._meta.model_name
        cells = [may(held, label, name or "", EVERYWHERE in held) for held in ROLES.values()]
        if any(cells):
            yield f"| {model._meta.verbose_name_plural} | {label} | {' | '.join(cells)} |\n"


def may(held: Iterable[str], label: str, name: str, everywhere: bool) -> str:
    """What a role's permissions let it do with a model, in a word each; "own": of its vendors alone."""
    found = [action for action in ("view", "add", "change", "delete") if f"{label}.{action}_{name}" in held]
    return ", ".join(found if everywhere or not found else ["own:", *found]).replace(":,", ":")


def page() -> str:
    text = PAGE.read_text()
    return text[: text.index(BEGIN) + len(BEGIN)] + "".join(tables()) + "\n" + text[text.index(END) :]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
    import django

    django.setup()
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else f"{PAGE} is not what the rights say: run this without --check.")
    PAGE.write_text(page())
