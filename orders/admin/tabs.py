"""The tabs above the list of orders: how many there are of each group and timing, under the other filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orders.admin.filters import GROUP_LABELS
from orders.admin.search import hits_of
from orders.admin.timing import Timing, with_timing
from orders.lifecycle.table import FAILURE, GROUPS, OPEN, SUCCESS
from orders.models import Order

# What the tabs choose between, and so does not narrow what they count.
TABBED = ("group", "timing", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One choice: how many orders it has, and whether that is all of them."""

    label: str
    query: str
    count: int
    is_capped: bool
    is_chosen: bool


def narrowed_by_others(cl: ChangeList, request: HttpRequest) -> QuerySet[Order]:
    """The orders of all tabs: what the search and the other filters leave."""
    rows: Any = cl.root_queryset
    for spec in cl.filter_specs:
        if spec.expected_parameters()[0] not in TABBED:
            rows = spec.queryset(request, rows)
    hits = hits_of(request)
    return (rows if hits is None else rows.filter(pk__in=hits.ids)).order_by()


def count_groups(rows: QuerySet[Order]) -> tuple[dict[str, int], set[str]]:
    """By group and timing, in three statements, each of which reads MAX_LIST_DEPTH rows at most; which are more."""
    most = settings.MAX_LIST_DEPTH
    now = timezone.now()
    open_groups = {name: Q(status__in=sorted(GROUPS[name] & OPEN)) for name in GROUPS if GROUPS[name] & OPEN}
    counted: dict[str, int] = with_timing(rows.filter(status__in=sorted(OPEN)), now)[:most].aggregate(
        **{name: Count("pk", filter=condition) for name, condition in open_groups.items()},
        **{timing.value: Count("pk", filter=Q(timing=timing.value)) for timing in Timing},
    )
    groups = (("completed", SUCCESS), ("failed", FAILURE))
    ended = {name: rows.filter(status__in=sorted(group))[:most].count() for name, group in groups}
    capped = {name for name, count in ended.items() if count == most}
    if counted["open"] == most:
        capped |= {"open", *open_groups, *Timing.values}
    counts = {**counted, "completed": ended["completed"]}
    counts["cancelled"] = counted["cancelled"] + ended["failed"]
    counts["closed"] = ended["completed"] + ended["failed"]
    counts[""] = counted["open"] + counts["closed"]
    if "failed" in capped:
        capped |= {"cancelled"}
    if capped & {"completed", "failed"}:
        capped |= {"closed"}
    if capped:
        capped |= {""}
    return counts, capped


def tabs_of(cl: ChangeList, request: HttpRequest) -> Sequence[tuple[str, list[Tab]]]:
    """The rows of tabs, each with its name."""
    counts, capped = count_groups(narrowed_by_others(cl, request))
    hits = hits_of(request)
    more = hits is not None and not hits.are_all
    chosen: dict[str, Any] = {name: str(cl.params.get(name) or "") for name in TABBED}

    def tab(parameter: str, value: str, label: str) -> Tab:
        query = cl.get_query_string({parameter: value} if value else {}, [*TABBED, "p"])
        is_chosen = chosen == {**dict.fromkeys(TABBED, ""), parameter: value}
        return Tab(
            label=label, query=query, count=counts[value], is_capped=more or value in capped, is_chosen=is_chosen
        )

    groups = [tab("group", "", "All")]
    groups += [tab("group", name, GROUP_LABELS.get(name, name.capitalize())) for name in GROUPS]
    return [("Status", groups), ("Timing", [tab("timing", timing.value, timing.label) for timing in Timing])]
