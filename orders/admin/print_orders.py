"""Many orders as one document: each on a sheet of its own, and what could not be printed named above them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from orders.admin.display import money
from orders.admin.order_page import money_rows, shown_lines
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Order, PaymentStatus
from ordersite.backoffice.moments import write_moment
from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.selections import MOST, TOO_MANY
from ordersite.core.sheets import Facts, Sheet, Table, TableColumn, Texts
from ordersite.web.pdf import pdf_response
from vendors.menu import PIECE

NOT_PRINTED = "Not printed: {orders}."
WHY_DELETED, WHY_GONE = "#{} (it is deleted)", "#{} (it is no longer in this list)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The orders to print, and what of the selection is not among them, in words."""

    orders: list[Order]
    left_out: list[str]


def chosen_to_print(request: HttpRequest, queryset: QuerySet[Order]) -> Chosen | None:
    """Those of a selection as they stand now; None, and a message, where they are more than MOST."""
    found = list(queryset.select_related("vendor").prefetch_related("lines__options")[: MOST + 1])
    if len(found) > MOST:
        messages.error(request, TOO_MANY.format(most=MOST, rows="orders"))
        return None
    ticked = {row_id(key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)}
    gone = sorted(key for key in ticked - {order.pk for order in found} if key is not None)
    left_out = [WHY_DELETED.format(order.pk) for order in found if order.deleted_at is not None]
    left_out += [WHY_GONE.format(key) for key in gone]
    printed = [order for order in found if order.deleted_at is None]
    if left_out and not printed:
        messages.warning(request, NOT_PRINTED.format(orders=", ".join(left_out)))
    return Chosen(orders=printed, left_out=left_out) if printed else None


def title_of(orders: Sequence[Order]) -> str:
    return f"{len(orders)} order{'s' if len(orders) > 1 else ''} to print"


@admin.action(description="Print as one document", permissions=["view"])
def print_orders(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
    """The document, as the orders stand now, at most MOST of them."""
    chosen = chosen_to_print(request, queryset)
    if chosen is None:
        return None
    if chosen.left_out:
        messages.warning(request, NOT_PRINTED.format(orders=", ".join(chosen.left_out)))
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "title": title_of(chosen.orders),
        "subtitle": None,
        "printed_at": timezone.now(),
        "sheets": [
            {
                "order": order,
                "type": Fulfilment(order.fulfilment).slug.replace("_", " "),
                "lines": shown_lines(order),
                "amounts": money_rows(order),
            }
            for order in chosen.orders
        ],
    }
    return TemplateResponse(request, "admin/orders/order/print.html", context)


@admin.action(description="Print as one PDF", permissions=["view"])
def send_orders(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
    """The same as a file; what it lacks is named on its first sheet, since no page is shown beside it."""
    chosen = chosen_to_print(request, queryset)
    if chosen is None:
        return None
    lacks = [Texts(heading="Not printed", lines=chosen.left_out)] if chosen.left_out else []
    listed = Texts(heading="Printed", lines=[f"#{order.pk}, {order.vendor}" for order in chosen.orders])
    cover = [Sheet(title=title_of(chosen.orders), blocks=[*lacks, listed])] if lacks else []
    now = timezone.now()
    return pdf_response(
        [*cover, *(sheet_of_order(order, now) for order in chosen.orders)], f"orders-{now:%Y-%m-%d-%H%M}"
    )


def sheet_of_order(order: Order, now: datetime) -> Sheet:
    """An order as the desk prints it: what the page to print shows, in its order."""
    zone, type_name = order.vendor.zone, Fulfilment(order.fulfilment).slug.replace("_", " ")
    facts = [
        ("Status", Status(order.status).label),
        ("Payment", f"{PaymentStatus(order.payment_status).label} {order.payment_method}"),
        ("Placed", write_moment(order.placed_at, zone)),
        ("Asked for", write_moment(order.deliver_at, zone) if order.deliver_at else ""),
        ("Customer", ", ".join(filter(None, (order.contact_name, order.contact_phone)))),
        ("Address", ", ".join(filter(None, (order.address, order.address_notes)))),
        ("Table", order.table),
        ("Vehicle", order.vehicle),
        ("Comment", order.comment),
    ]
    columns = [
        TableColumn(heading="Qty", is_number=True),
        TableColumn(heading="Item", part=5),
        TableColumn(heading="Total", part=2, is_number=True),
    ]
    rows = [
        (
            f"{row['line'].quantity}{'' if row['line'].unit == PIECE else ' ' + row['line'].unit}",
            "\n".join(filter(None, (row["line"].name, *row["ticket"], row["allergens"], row["line"].comment))),
            money(row["line"].total, order.currency),
        )
        for row in shown_lines(order)
    ]
    amounts = [(label, amount) for label, amount, _ in money_rows(order)]
    return Sheet(
        title=f"Order #{order.pk}, {order.vendor}, {type_name} no. {order.called}",
        blocks=[
            Facts(rows=[(label, told) for label, told in facts if told]),
            Table(columns=columns, rows=rows),
            Facts(rows=amounts, last_is_total=True),
            Texts(heading="", lines=[f"As it stood at {write_moment(now, zone)}"]),
        ],
    )
