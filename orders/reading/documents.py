"""An invoice or credit note as every door tells it: what stands in its content, with what follows from its sums."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from orders.models import IssuedDocument
from ordersite.core.money import to_text
from ordersite.core.spreadsheets import Spreadsheet, Value

CHUNK = 1_000
COLUMNS = (
    *("number", "kind", "issued", "time zone", "seller", "seller's VAT number", "vendor", "buyer", "company"),
    *("buyer's VAT number", "order", "invoice", "net", "tax", "total", "currency"),
)


def tell_document(document: IssuedDocument) -> dict[str, Any]:
    """Its content beside its number; amounts are minor units, each in a mapping that names their currency."""
    content, currency = document.content, document.currency
    tax = sum(row["tax"] for row in content["taxes"])
    return {
        **content,
        # Documents from before companies were named have neither.
        "buyer": {"company": "", "vat_number": "", **content["buyer"]},
        "kind": document.kind,
        "number": document.called,
        "issued_at": document.issued_at,
        "lines": [{**line, "currency": currency} for line in content["lines"]],
        "sums": [{"kind": kind, "amount": amount, "currency": currency} for kind, amount in content["sums"].items()],
        "taxes": [{**row, "net": row["gross"] - row["tax"], "currency": currency} for row in content["taxes"]],
        "net": document.total - tax,
        "tax": tax,
        "total": document.total,
        "currency": currency,
    }


def tell_documents(documents: list[IssuedDocument]) -> dict[str, Any]:
    """An order's invoice with its credit notes, oldest first."""
    invoice, *notes = map(tell_document, documents)
    return {**invoice, "credit_notes": notes}


def documents_as_table(documents: QuerySet[IssuedDocument]) -> Spreadsheet:
    """For whoever keeps the books: each document with its sums; those of a credit note are below zero."""
    numbers = frozenset(("order", "net", "tax", "total"))
    return Spreadsheet(title="Documents", columns=COLUMNS, numbers=numbers, rows=rows_of_documents(documents))


def rows_of_documents(documents: QuerySet[IssuedDocument]) -> Iterator[list[Value]]:
    for document in documents.iterator(chunk_size=CHUNK):
        told = tell_document(document)
        sign = -1 if document.kind == IssuedDocument.Kind.CREDIT_NOTE else 1
        issued = document.issued_at.astimezone(ZoneInfo(told["time_zone"]))
        yield [
            *(told["number"], document.get_kind_display(), issued.strftime("%Y-%m-%d %H:%M:%S"), told["time_zone"]),
            *(told["seller"]["name"], told["seller"]["vat_number"], told["vendor"]),
            *(told["buyer"]["name"], told["buyer"]["company"], told["buyer"]["vat_number"]),
            *(told["order"], told["invoice"]),
            *(to_text(sign * told[name], document.currency) for name in ("net", "tax", "total")),
            document.currency,
        ]
