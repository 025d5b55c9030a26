"""A vendor's statement as a page: what it comes to, and its newest lines; all of them are in its files."""

from datetime import date, time
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from orders.models import Account, Entry, Posting
from orders.reading.statements import (
    account_ids,
    amounts_of,
    in_period,
    newest_postings,
    sums_of_statement,
    with_entries,
)
from orders.services.money.payouts import purse_of
from ordersite.backoffice.moments import name_zone, write_moment
from ordersite.backoffice.row_choosers import row_id
from vendors.hours import moment

NEWEST = 50


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
