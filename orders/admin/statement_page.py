"""A vendor's statement as a page: what it comes to, and its newest lines; all of them are in its files."""

from datetime import date, time
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from orders.models import Account, Entry, FileExport, Posting
from orders.reading.file_exports import STATEMENT, write_export
from orders.reading.statements import (
    account_ids,
    amounts_of,
    count_lines,
    in_period,
    newest_postings,
    statement_name,
    sums_of_statement,
    with_entries,
)
from orders.services.bulk.file_exports import ask_for_file, claim_file, make_file
from orders.services.money.payouts import purse_of
from ordersite.backoffice.moments import name_zone, write_moment
from ordersite.backoffice.row_choosers import row_id
from vendors.hours import moment

NEWEST = 50
# Lines that a request writes by itself; longer ones are the worker's. Beyond the other they are not counted beforehand.
AT_ONCE, MOST_COUNTED = 1_000, 100_000


def statement_context(request: HttpRequest, account: Account, first: date, last: date) -> dict[str, Any]:
    """What the page shows of a vendor's account; `before` pages to the older lines."""
    vendor: Any = account.vendor
    purse = purse_of(account)
    sums = sums_of_statement(vendor=vendor, purse=purse, first=first, last=last)
    accounts = account_ids(vendor=vendor, currency=account.currency)
    entries = in_period(Entry.objects.all(), first, last, vendor.zone)
    before = row_id(request.GET.get("before", ""))
    found = newest_postings(entries, accounts, before=before, most=NEWEST + 1)
    postings = with_entries(Posting.objects.filter(pk__in=found[:NEWEST])).order_by("-pk")
    asked = {"first": first.isoformat(), "last": last.isoformat()}
    return {
        "title": f"Statement of {vendor}",
        "account": account,
        "days": asked,
        "zone": name_zone(moment(first, time.min, vendor.zone), vendor.zone),
        "sums": sums,
        "kinds": [(Posting.Kind(kind).label, net) for kind, net in sums.by_kind.items()],
        "lines": [
            (posting, write_moment(posting.created_at, vendor.zone), amounts_of(posting, vendor.pk))
            for posting in postings
        ],
        "files": [(shape.upper(), "?" + urlencode({**asked, "as": shape})) for shape in ("csv", "pdf")],
        "older": "?" + urlencode({**asked, "as": "page", "before": found[NEWEST - 1]}) if found[NEWEST:] else "",
    }


def ask_for_workbook(user_id: int, account: Account, first: date, last: date) -> FileExport:
    """Has the statement made as XLSX: a short one at once, another by the worker."""
    vendor: Any = account.vendor
    export = ask_for_file(
        user_id=user_id,
        kind=STATEMENT,
        given={"account": account.pk, "first": first.isoformat(), "last": last.isoformat()},
        name=statement_name(vendor, account.currency, first, last),
        total=count_lines(account, first, last, MOST_COUNTED),
    )
    if export.total <= AT_ONCE and (claimed := claim_file(export.pk)) is not None:
        make_file(claimed, write_export)
    return export
