"""Buttons in the rows of a list that do something at once: sold out for a while, paused until a moment."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.backoffice.moments import write_moment
from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.selections import VersionedAdmin
from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem
from vendors.models import Option, OptionGroup, Product, Vendor
from vendors.services.availability import end_of_today, set_availability, set_group_availability
from vendors.services.vendors import VendorChanges, update_vendor

PRESSED = "_row_button"
HOUR = timedelta(hours=1)
# What a button does with its row; it returns what is said of it.
RowAct = Callable[[Caller, Any], str]


class RowButtonsAdmin(VersionedAdmin):
    """An admin whose list has buttons, which are part of its form: the list is shown again as it was filtered."""

    row_acts: ClassVar[Mapping[str, RowAct]]
    # The columns that have them: for who may press none of them there are none.
    button_columns: ClassVar[tuple[str, ...]]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        shown = list(super().get_list_display(request))
        return (
            shown if self.has_change_permission(request) else [one for one in shown if one not in self.button_columns]
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.method == "POST" and PRESSED in request.POST and self.has_change_permission(request):
            self.press(request)
            return HttpResponseRedirect(request.get_full_path())
        return super().changelist_view(request, extra_context)

    def press(self, request: HttpRequest) -> None:
        """Does what the button of a row says; a refusal is a message."""
        name, _, key = request.POST[PRESSED].partition(":")
        pk, act = row_id(key), self.row_acts.get(name)
        row = self.get_queryset(request).filter(pk=pk).first() if pk is not None and act else None
        if row is None or act is None:
            messages.warning(request, f"There is no such {self.opts.verbose_name} any more.")
            return
        user: Any = request.user
        try:
            with transaction.atomic():
                told = act(caller_of_user(user), row)
        except Refusal as refused:
            messages.error(request, f"{row}: {as_problem(refused).detail}")
        else:
            messages.success(request, told)


def row_buttons(row: Any, state: str, buttons: Iterable[tuple[str, str, str]]) -> SafeString:
    """What stands, and buttons: of each the act's name, its text, and what it is called for who hears it alone."""
    made = format_html_join(
        "",
        '<button type="submit" class="row-button" name="{}" value="{}:{}" aria-label="{}: {}">{}</button>',
        ((PRESSED, name, row.pk, row, label, text) for name, text, label in buttons),
    )
    return format_html('<span class="row-buttons">{} {}</span>', state, made)


# --- products, options, and all options of a group: sold out ---

Part = Product | Option | OptionGroup


def put_on_sale(caller: Caller, part: Part, *, is_available: bool, until: datetime | None) -> None:
    vendor = part.vendor
    if isinstance(part, OptionGroup):
        set_group_availability(vendor=vendor, caller=caller, group_id=part.pk, is_available=is_available, until=until)
    else:
        set_availability(
            vendor=vendor, caller=caller, part=type(part), pk=part.pk, is_available=is_available, until=until
        )


def out_until(part: Product | Option) -> str:
    end = part.unavailable_until
    return f"until {write_moment(end, part.vendor.zone)}" if end else "until it is put back"


def sell_out(until: Callable[[Vendor], datetime | None]) -> RowAct:
    def act(caller: Caller, part: Part) -> str:
        end = until(part.vendor)
        put_on_sale(caller, part, is_available=False, until=end)
        return (
            f"{part} is sold out {f'until {write_moment(end, part.vendor.zone)}' if end else 'until it is put back'}."
        )

    return act


def sell_again(caller: Caller, part: Part) -> str:
    put_on_sale(caller, part, is_available=True, until=None)
    return f"{part} is on sale again."


SOLD_OUT: Mapping[str, RowAct] = {
    "hours": sell_out(lambda vendor: timezone.now() + 4 * HOUR),
    "today": sell_out(lambda vendor: end_of_today(vendor, timezone.now())),
    "out": sell_out(lambda vendor: None),
    "back": sell_again,
}


SELL_OUT = [
    ("hours", "4 h", "sold out for 4 hours"),
    ("today", "today", "sold out today"),
    ("out", "until changed", "sold out until it is changed"),
]
SELL_AGAIN = ("back", "Back on sale", "back on sale")


def sale_buttons(part: Product | Option) -> SafeString:
    return row_buttons(part, "", SELL_OUT) if part.is_available else row_buttons(part, out_until(part), [SELL_AGAIN])


def group_sale_buttons(group: OptionGroup) -> SafeString:
    """For all its options at once, as they were prefetched."""
    options = list(group.options.all())
    out = [option for option in options if not option.is_available]
    if not options:
        return row_buttons(group, "no options", [])
    if len(out) < len(options):
        some = f"{len(out)} of {len(options)} sold out" if out else ""
        return row_buttons(group, some, [*SELL_OUT, *([SELL_AGAIN] if out else [])])
    ends = {out_until(option) for option in out}
    return row_buttons(group, ends.pop() if len(ends) == 1 else "all sold out", [SELL_AGAIN])


# --- vendors: paused, and busy ---


def change_today(changes: Callable[[Vendor], VendorChanges], told: Callable[[Vendor], str]) -> RowAct:
    def act(caller: Caller, vendor: Vendor) -> str:
        unserved = update_vendor(vendor=vendor, caller=caller, **changes(vendor))
        orders = ", ".join(map(str, unserved))
        return f"{vendor} {told(vendor)}." + (f" These orders cannot be served: {orders}." if orders else "")

    return act


def pause(until: Callable[[Vendor], datetime]) -> RowAct:
    return change_today(
        lambda vendor: {"paused_until": until(vendor).replace(microsecond=0)},
        lambda vendor: f"is paused until {write_moment(vendor.paused_until or timezone.now(), vendor.zone)}",
    )


def rush(minutes: int) -> RowAct:
    return change_today(
        lambda vendor: {"rush_minutes": minutes, "rush_until": (timezone.now() + HOUR).replace(microsecond=0)},
        lambda vendor: (
            f"takes {minutes} minutes longer until {write_moment(vendor.rush_until or timezone.now(), vendor.zone)}"
        ),
    )


TODAY: Mapping[str, RowAct] = {
    "half": pause(lambda vendor: timezone.now() + HOUR / 2),
    "hour": pause(lambda vendor: timezone.now() + HOUR),
    "day": pause(lambda vendor: end_of_today(vendor, timezone.now())),
    "open": change_today(lambda vendor: {"paused_until": None}, lambda vendor: "takes orders again"),
    "rush10": rush(10),
    "rush20": rush(20),
    "calm": change_today(
        lambda vendor: {"rush_minutes": 0, "rush_until": None}, lambda vendor: "prepares in its usual time"
    ),
}


def pause_buttons(vendor: Vendor) -> SafeString:
    if vendor.paused_until and vendor.paused_until > timezone.now():
        state = f"until {write_moment(vendor.paused_until, vendor.zone)}"
        return row_buttons(vendor, state, [("open", "Take orders", "take orders again")])
    return row_buttons(
        vendor,
        "",
        [
            ("half", "30 min", "pause for 30 minutes"),
            ("hour", "1 h", "pause for 1 hour"),
            ("day", "today", "pause for today"),
        ],
    )


def rush_buttons(vendor: Vendor) -> SafeString:
    if vendor.rush_minutes and vendor.rush_lasts(timezone.now()):
        end = f" until {write_moment(vendor.rush_until, vendor.zone)}" if vendor.rush_until else ""
        return row_buttons(vendor, f"+{vendor.rush_minutes} min{end}", [("calm", "End", "no more minutes for rush")])
    return row_buttons(
        vendor,
        "",
        [
            ("rush10", "+10 min", "10 minutes longer for 1 hour"),
            ("rush20", "+20 min", "20 minutes longer for 1 hour"),
        ],
    )
