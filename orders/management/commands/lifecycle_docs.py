"""`manage.py lifecycle_docs`: docs/lifecycle.md and its picture, written from the tables of orders/lifecycle."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orders.lifecycle import drawing, timers
from orders.lifecycle.guards import GUARDS, IMPLIED, NEVER_WAIVED
from orders.lifecycle.table import CLEARS, GROUPS, MILESTONES, RULES, SETS, TAKES_BACK, Rule, Status
from ordersite.core.faults import Fault
from ordersite.core.wording import NATIVE

INTRODUCTION = """\
# The life of an order

Written by `manage.py lifecycle_docs` from `table.py`, `guards.py` and `timers.py` in `orders/lifecycle`; `make check`
refuses it when it is not current.

![The life of an order](lifecycle.svg)

A pair of statuses that no row below names is refused to everybody with 409, and the answer lists what this caller may
do now. What `allowed_transitions` offers works, and what would be a repeat is not offered
(`orders/lifecycle/decisions.py`).

**Asked twice**, a change is answered as if it had just happened, and writes nothing: while the order has its status, or
while what this party did last under that name stands. {back} take back: nothing that was done before them is a repeat
any more.

**By name only**: what would undo is never meant by `to`, a number or a word, so that a late retry of the step before
does no harm; send it as `transition`. Such a row has `"by_name": true` in `allowed_transitions`. `look_for_driver` is
one where a driver has accepted, who is taken off by it.

**Staff** may take any row but those to `preorder`, whoever its actors are, with a reason: guards are then waived, but
for {never}, and the event is marked forced.
"""


TIMERS_TEXT = """\
What the system does when nobody else has done anything before; [times.md](times.md) tells when each is due. Of two at
the same moment the upper one is made. When a setting changes, the times of the orders that wait are computed again.
`{lapse}`, `{offer}`, `{close}` and `{codes}` are no changes of status: a driver who was named is so no more, drivers
are asked ([dispatch.md](dispatch.md)), an order is settled as it stands, codes are looked for.
"""
TIMERS_HEAD = ("Timer", "Status", "Delivery types", "Makes", "Reason", "Settings of the vendor")


def render_docs() -> dict[str, str]:
    """The files' names and contents."""
    return {"lifecycle.md": render_lifecycle_page(), "lifecycle.svg": drawing.draw_life_cycle()}


def render_lifecycle_page() -> str:
    parts = [
        INTRODUCTION.format(
            never=", ".join(f"`{name}`" for name in NEVER_WAIVED),
            back=", ".join(f"`{name}`" for name in sorted(TAKES_BACK)),
        ),
        "## Statuses\n",
        render_table(("Code", "Name", "Kind", "Groups"), (status_row(status) for status in Status)),
        "## Changes\n",
        f"{sum(len(rule.sources) for rule in RULES)} changes of status: one for each status under From.\n",
        render_table(
            ("Name", "From", "To", "Who", "Delivery types", "Guards", "Note"), (rule_row(rule) for rule in RULES)
        ),
        "## Guards\n",
        "`guard@actor` binds only that actor. One that does not hold refuses with 409 `guard_failed` and its name.\n",
        render_table(("Guard", "Refuses with", "Beside the table, with"), (guard_row(name) for name in GUARDS)),
        "## Milestones\n",
        "Times beside the status, since kitchen and courier work side by side and one status cannot hold both.\n",
        render_table(("Milestone", "Written by", "Taken back by"), (milestone_row(name) for name in MILESTONES)),
        "`closed` is written with every closed status but `delivery_completed_by_driver` and "
        "`pickup_completed_by_customer`, which settling closes. For a package or a service "
        "`prepared` is written with `accepted`.\n",
        "## Timers\n",
        TIMERS_TEXT.format(lapse=timers.LAPSE, offer=timers.OFFER, close=timers.CLOSE, codes=timers.ISSUE_CODES),
        render_table(TIMERS_HEAD, (timer_row(timer) for timer in timers.TIMERS)),
    ]
    return "\n".join(parts)


def render_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def status_row(status: Status) -> tuple[str, ...]:
    groups = ", ".join(name for name, members in GROUPS.items() if status in members)
    return str(status.value), f"`{status.slug}`", drawing.phase_of(status), groups


def rule_row(rule: Rule) -> tuple[str, ...]:
    sources = ", ".join(f"`{status.slug}`" for status in rule.sources)
    guards = ", ".join(f"`{guard}`" for guard in rule.guards.split())
    actors, ways = (", ".join(words.split()) for words in (rule.actors, rule.fulfilments))
    note = "; ".join(filter(None, (rule.note, "by name only" if rule.by_name else "")))
    return f"`{rule.name}`", sources, f"`{rule.target.slug}`", actors, ways, guards, note


def guard_row(name: str) -> tuple[str, ...]:
    changes = ", ".join(f"`{change}`" for change, guard in IMPLIED.items() if guard == name)
    return f"`{name}`", NATIVE.sentence(Fault(GUARDS[name][1])), changes


def milestone_row(name: str) -> tuple[str, ...]:
    written = ", ".join(f"`{change}`" for change, milestone in SETS.items() if milestone == name)
    taken_back = ", ".join(f"`{change}`" for change, milestones in CLEARS.items() if name in milestones)
    return f"`{name}`", written, taken_back


def timer_row(timer: timers.Timer) -> tuple[str, ...]:
    statuses = ", ".join(f"`{status.slug}`" for status in timer.statuses)
    ways = ", ".join(fulfilment.slug for fulfilment in timer.fulfilments)
    reason = f"`{timer.reason}`" if timer.reason else ""
    settings_read = ", ".join(f"`{name}`" for name in timer.settings)
    return f"`{timer.name}`", statuses, ways, f"`{timer.change}`", reason, settings_read


class Command(BaseCommand):
    help = "Writes docs/lifecycle.md and docs/lifecycle.svg from the life cycle's tables."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether they are current")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError (the process ends with 1) where --check finds them old."""
        folder = settings.BASE_DIR / "docs"
        old = [name for name, wanted in render_docs().items() if read_if_there(folder / name) != wanted]
        if options["check"]:
            if old:
                raise CommandError(f"Not current: docs/{', docs/'.join(old)}. Run `manage.py lifecycle_docs`.")
            return
        folder.mkdir(exist_ok=True)
        for name, wanted in render_docs().items():
            (folder / name).write_text(wanted, encoding="utf-8")


def read_if_there(path: Any) -> str:
    return str(path.read_text(encoding="utf-8")) if path.exists() else ""
