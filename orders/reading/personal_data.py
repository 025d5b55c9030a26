"""All that is known of one customer, as one value for a file: the tables of services.personal.columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import JsonResponse

from orders.lifecycle.table import Status
from orders.models import Order, OrderEvent
from orders.services.personal.addressed import mails_to
from orders.services.personal.columns import TABLES, PersonalTable
from orders.services.record.archive import archived_events
from ordersite.accounts.models import Customer
from ordersite.core.money import as_json

FILE_NAME = "personal-data.json"


def personal_data_file(customer_id: int, made_at: datetime) -> JsonResponse:
    """All that is known of a customer, as a file to save, which nobody between keeps."""
    headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"', "Cache-Control": "no-store"}
    told = {"indent": 2, "ensure_ascii": False}
    content = personal_data_of(customer_id, made_at)
    return JsonResponse(content, encoder=DjangoJSONEncoder, json_dumps_params=told, headers=headers)


def personal_data_of(customer_id: int, made_at: datetime) -> dict[str, Any]:
    """By table: its rows, each a mapping of columns; one statement a table, and the mails."""
    tables = {table.name: personal_rows(table, customer_id) for table in TABLES}
    return {"made_at": made_at, **tables, "mails": mails_of(customer_id)}


def mails_of(customer_id: int) -> list[dict[str, Any]]:
    """The mails to the customer that are still known."""
    customer = Customer.objects.select_related("user").get(pk=customer_id)
    mails = mails_to(customer).order_by("pk")
    return [dict(row) for row in mails.values("kind", "recipient", "about", "state", "created_at", "sent_at")]


def personal_rows(table: PersonalTable, customer_id: int) -> list[dict[str, Any]]:
    """The rows of one table, in words: amounts with their currency, a status by its name."""
    columns = [*table.tells, *(name for name in (*table.blanks, *table.scrubs) if name not in table.hides)]
    rows = table.model._default_manager.filter(**{table.path: customer_id}, **table.readable).order_by("pk")
    found = list(rows.values(*columns))
    if table.model is OrderEvent:
        found += archived_rows(customer_id, table.readable, columns)
        found.sort(key=itemgetter("order_id", "number"))
    return [in_plain_words(row, table) for row in found]


def archived_rows(customer_id: int, readable: Mapping[str, Any], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Those columns of what is archived of the customer's histories, as far as it may read them."""
    orders = Order.objects.filter(customer=customer_id, archived_history__isnull=False)
    events = archived_events(orders.select_related("archived_history")).values()
    return [
        {name: getattr(event, name) for name in columns}
        for event in chain.from_iterable(events)
        if all(getattr(event, name) == value for name, value in readable.items())
    ]


def in_plain_words(row: dict[str, Any], table: PersonalTable) -> dict[str, Any]:
    for name in table.amounts:
        row[name] = as_json(row[name], row[table.currency])
    if "status" in row:
        row["status"] = Status(row["status"]).slug
    return {name.replace("__", "_"): value for name, value in row.items()}
