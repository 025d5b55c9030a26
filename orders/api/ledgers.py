"""What the platform owes vendors and drivers: ledgers, payouts, and a vendor's statement."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import Account, Entry, Posting
from orders.reading.statements import (
    FIRST_DAY,
    LAST_DAY,
    LONGEST_DAYS,
    account_ids,
    amounts_of,
    in_period,
    newest_postings,
    posting_currency,
    statement_response,
    tips_of,
    with_entries,
)
from orders.services.money.payouts import Balance, Purse, balances_of, pay_out, purses_of
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.rights import Right
from ordersite.core.faults import NotFound
from ordersite.core.money import CURRENCIES
from ordersite.core.replica import from_replica
from ordersite.web.pagination import MOST, PER_PAGE, link, paginate, read_cursor, whole_number, write_cursor
from ordersite.web.problems import BadRequest, ForbiddenProblem
from ordersite.web.queries import given_day
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import Input, LineField, MoneyField
from ordersite.web.views import ApiView, parse, render
from vendors.models import Vendor
from vendors.permissions import serves

# Drivers have no wall with a clock on it.
UTC = ZoneInfo("UTC")
START = datetime(1970, 1, 1, tzinfo=UTC)

LIST_PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="The first day, in the vendor's time zone."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="The last day, included."),
    ordering_parameter("at"),
    *PAGE_PARAMETERS,
    OpenApiParameter("cursor", str, description="Send it empty for the first page: no count, newest first."),
]


class PostingOutput(serializers.Serializer):
    """A movement of money, as it changed a balance: the amounts sum to `net`."""

    id = serializers.IntegerField()
    kind = serializers.CharField(
        help_text="settlement, reversal, adjustment, refund, payout, hand_in, payout_rev or handin_rev."
    )
    order = serializers.IntegerField(allow_null=True)
    number = serializers.IntegerField(allow_null=True, help_text="The order's number, for its vendor, day and type.")
    payout = MoneyField(help_text="What was paid out (negative), or came back because a payout was reversed.")
    cash = MoneyField(help_text="Cash received (negative) or handed in.")
    net = MoneyField()
    text = serializers.CharField()
    at = serializers.DateTimeField()


class VendorPostingOutput(PostingOutput):
    gross = MoneyField(help_text="The sale, without the driver's tip.")
    commission = MoneyField()
    fees = MoneyField(help_text="Service fee and the tax on it, less the part of a discount that the platform bears.")
    refund = MoneyField()


class DriverPostingOutput(PostingOutput):
    tip = MoneyField()


class BalanceOutput(serializers.Serializer):
    """What the platform owes: `net` may be paid out; below zero it is owed to the platform."""

    owed = MoneyField(help_text="Before the cash that they hold is deducted.")
    cash = MoneyField(help_text="The cash that they hold, as a negative amount.")
    net = MoneyField()


class BalancesOutput(serializers.Serializer):
    """One a currency."""

    balances = BalanceOutput(many=True)


class PayoutOutput(serializers.Serializer):
    id = serializers.IntegerField()
    amount = MoneyField()
    text = serializers.CharField()
    at = serializers.DateTimeField()
    reversed = serializers.BooleanField(help_text="Whether it was reversed, by an entry of kind payout_rev.")


class PayoutInput(Input):
    """All that is owed in the vendor's currency, or a part."""

    amount = MoneyField(required=False, minimum=1)
    text = LineField(max_length=200, allow_blank=True, default="", help_text="For example the bank's reference.")


def given_period(request: Request) -> tuple[date | None, date | None]:
    """The days from which and to which; raises BadRequest for one of no ledger, and for the wrong way round."""
    first, last = given_day(request, "from"), given_day(request, "to")
    for name, day in (("from", first), ("to", last)):
        if day and not FIRST_DAY <= day <= LAST_DAY:
            raise BadRequest(f"?{name}", "out_of_range", f"Send a day from {FIRST_DAY} to {LAST_DAY}.")
    if first and last and last < first:
        raise BadRequest("?to", "invalid", "The last day is before the first: swap them.")
    return first, last


def vendor_for_its_people(request: Request, vendor_id: int) -> Vendor:
    """The vendor; raises ForbiddenProblem unless the caller works there or is staff."""
    caller = caller_of(request)
    vendor = Vendor.objects.filter(pk=vendor_id).first()
    is_member = serves(caller, Right.VIEW_ACCOUNTS, vendor_id)
    if vendor is None or not (vendor.is_active or is_member):
        raise NotFound()
    if not is_member:
        raise ForbiddenProblem(
            "not_a_member", "Only the people who work for this vendor, and staff, can see its money."
        )
    return vendor


def posting_row(posting: Posting, amounts: Any, *names: str) -> dict[str, Any]:
    """A posting with what it meant, as the output serializers read it."""
    return {
        "id": posting.pk,
        "kind": posting.kind,
        "order": posting.order_id,
        "number": posting.order.number if posting.order else None,
        "currency": posting_currency(posting),
        "text": posting.text,
        "at": posting.created_at,
        **{name: getattr(amounts, name) for name in (*names, "payout", "cash", "net")},
    }


def paginate_ledger(request: Request, accounts: list[int], zone: ZoneInfo, render_one: Any) -> Response:
    """The postings of these accounts in the period asked for, newest first.

    Pages and cursors are of entries, whose index knows an account's postings; what they mean is read for one page.
    """
    entries = in_period(Entry.objects.all(), *given_period(request), zone)
    if "cursor" in request.query_params:
        response = postings_page(request, entries, accounts)
    else:
        ids = entries.filter(account__in=accounts).values_list("posting_id", flat=True).distinct()
        response = paginate(request, ids, lambda pk: pk, orderings={"at": ("posting_id",)}, default="-at")
    postings = with_entries(Posting.objects.filter(pk__in=response.data["results"])).in_bulk()
    response.data["results"] = [render_one(postings[pk]) for pk in response.data["results"]]
    return response


def postings_page(request: Request, entries: QuerySet[Entry], accounts: list[int]) -> Response:
    """One page of postings' ids, as the shared pagination answers by cursor."""
    per_page = whole_number(request, "per_page", PER_PAGE, MOST)
    given = request.query_params["cursor"]
    before = read_cursor(given)[1] if given else None
    found = newest_postings(entries, accounts, before=before, most=per_page + 1)
    shown = found[:per_page]
    # A cursor of ours has a moment before its id; here the id alone decides.
    following = link(request, cursor=write_cursor(START, shown[-1])) if found[per_page:] else None
    return Response({"count": None, "next": following, "previous": None, "results": shown})


def render_balances(balances: list[Balance]) -> Response:
    return Response({"balances": [render(BalanceOutput, balance) for balance in balances]})


class VendorLedgerView(ApiView):
    """Every movement of a vendor's money, newest first; for its people and staff."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=LIST_PARAMETERS, responses=page_schema(VendorPostingOutput), operation_id="listVendorPostings"
    )
    @from_replica
    def get(self, request: Request, vendor_id: int) -> Response:
        vendor = vendor_for_its_people(request, vendor_id)

        def row(posting: Posting) -> Any:
            amounts = amounts_of(posting, vendor.pk)
            return render(VendorPostingOutput, posting_row(posting, amounts, "gross", "commission", "fees", "refund"))

        return paginate_ledger(request, account_ids(vendor=vendor), vendor.zone, row)


class VendorBalanceView(ApiView):
    """What the platform owes a vendor now; for its people and staff."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=BalancesOutput)
    def get(self, request: Request, vendor_id: int) -> Response:
        vendor = vendor_for_its_people(request, vendor_id)
        return render_balances(list(balances_of(purses_of(vendor_id=vendor.pk)).values()))


def payout_row(posting: Posting) -> dict[str, Any]:
    paid = sum(entry.amount for entry in posting.entries.all() if entry.account.kind == Account.Kind.FUNDING)
    return {
        "id": posting.pk,
        "amount": paid,
        "currency": posting_currency(posting),
        "text": posting.text,
        "at": posting.created_at,
        "reversed": hasattr(posting, "reversed_by"),
    }


class VendorPayoutsView(ApiView):
    """What was paid out to a vendor, for its people and staff; staff pay out."""

    permission_classes = [IsAuthenticated]

    @extend_schema(parameters=LIST_PARAMETERS, responses=page_schema(PayoutOutput), operation_id="listPayouts")
    @from_replica
    def get(self, request: Request, vendor_id: int) -> Response:
        """What was paid out to a vendor, newest first; for its people and staff."""
        vendor = vendor_for_its_people(request, vendor_id)
        entries = Entry.objects.filter(account__in=account_ids(vendor=vendor))
        moved = in_period(entries, *given_period(request), vendor.zone)
        payouts = Posting.objects.filter(kind=Posting.Kind.PAYOUT, pk__in=moved.values("posting"))
        return paginate(
            request,
            with_entries(payouts).select_related("reversed_by"),
            lambda posting: render(PayoutOutput, payout_row(posting)),
            orderings={"at": ("created_at", "id")},
            default="-at",
            cursor_column="created_at",
        )

    @extend_schema(request=PayoutInput, responses={201: PayoutOutput}, operation_id="payOut")
    def post(self, request: Request, vendor_id: int) -> Response:
        """Pay out all that a vendor is owed, or a part; by staff."""
        given = parse(PayoutInput, request.data)
        vendor = vendor_for_its_people(request, vendor_id)
        amount = given.get("amount")
        purse = Purse(currency=amount.currency if amount else vendor.currency, vendor_id=vendor.pk)
        posting = pay_out(
            purse=purse,
            amount=amount.minor if amount else None,
            caller=caller_of(request),
            text=given["text"],
        )
        return Response(render(PayoutOutput, payout_row(posting)), status=201)


class VendorStatementView(ApiView):
    """A vendor's statement of a period as CSV; for its people and staff."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "from", OpenApiTypes.DATE, required=True, description="The first day, in the vendor's time zone."
            ),
            OpenApiParameter("to", OpenApiTypes.DATE, required=True, description="The last day, included."),
            OpenApiParameter(
                "currency", {"type": "string", "pattern": "^[A-Z]{3}$"}, description="By default the vendor's currency."
            ),
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    @from_replica
    def get(self, request: Request, vendor_id: int) -> HttpResponseBase:
        vendor = vendor_for_its_people(request, vendor_id)
        first, last = given_period(request)
        if first is None or last is None:
            raise BadRequest("?to" if first else "?from", "required", "Send both days: from=2026-11-01&to=2026-11-30.")
        if (last - first).days >= LONGEST_DAYS:
            raise BadRequest(
                "?to", "too_long", f"A statement has {LONGEST_DAYS} days at most: ask for several statements."
            )
        currency = request.query_params.get("currency", vendor.currency)
        if currency not in CURRENCIES:
            raise BadRequest("?currency", "currency", "This is not an ISO 4217 currency: send one such as EUR.")
        return statement_response(vendor, currency, first, last)


def driver_of(request: Request) -> int:
    """The caller's id as a driver; raises ForbiddenProblem for who is none."""
    driver_id = caller_of(request).driver_id
    if driver_id is None:
        raise ForbiddenProblem("not_a_driver", "Only for drivers: sign in as a driver.")
    return driver_id


class DriverLedgerView(ApiView):
    """Every movement of the driver's own tips and cash, newest first; days are in UTC."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=LIST_PARAMETERS, responses=page_schema(DriverPostingOutput), operation_id="listDriverPostings"
    )
    @from_replica
    def get(self, request: Request) -> Response:
        driver_id = driver_of(request)

        def row(posting: Posting) -> Any:
            return render(DriverPostingOutput, posting_row(posting, tips_of(posting, driver_id), "tip"))

        return paginate_ledger(request, account_ids(driver=driver_id), UTC, row)


class DriverBalanceView(ApiView):
    """What the platform owes the driver, and the cash in its hands."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=BalancesOutput)
    def get(self, request: Request) -> Response:
        return render_balances(list(balances_of(purses_of(driver_id=driver_of(request))).values()))
