"""A life that is watched: each call is logged, and after it orders and books are compared with the oracle."""

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, transaction
from rest_framework.test import APIClient

from ordersite.core.faults import Refusal
from tests.promises import oracle_prices as prices
from tests.promises.lives_world import ORDERS, World, amount_of
from tests.promises.oracle import (
    CAME_IN,
    FAILURE,
    SUCCESS,
    Book,
    Differs,
    Facts,
    Order,
    Payment,
    compare_ledger,
    compare_order,
)
from tests.promises.oracle_prices import Item, Menu, Offer, Terms, Zone
from vendors.models import Offer as OfferRow

REFUSED = frozenset({400, 403, 404, 409, 412})
SUMS = """
SELECT posting.order_id, account.kind, account.customer_id, account.vendor_id, account.driver_id, SUM(entry.amount)
FROM orders_entry entry
JOIN orders_posting posting ON posting.id = entry.posting_id
JOIN orders_account account ON account.id = entry.account_id
GROUP BY 1, 2, 3, 4, 5
"""
UNEVEN = "SELECT COUNT(*) FROM (SELECT 1 FROM orders_entry GROUP BY posting_id HAVING SUM(amount) <> 0) AS uneven"
WALLETS = "SELECT customer_id, balance FROM orders_account WHERE kind = 'wallet'"


@dataclass(kw_only=True)
class Pending:
    """A change of items that waits for its customer."""

    action: str
    line: int | None
    item: Item | None
    rise: int


@dataclass
class Told:
    """What the API told last."""

    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    ledger: dict[int | None, Counter[str]] = field(default_factory=dict)


def facts_of(told: dict[str, Any]) -> Facts:
    stands = {name: moment is not None for name, moment in told["milestones"].items()}
    carries = stands["driver_accepted"] and told["driver"] and not told["self_delivery"]
    return Facts(
        status=told["status"]["code"],
        accepted=stands["accepted"],
        preparing=stands["preparation_started"],
        prepared=stands["prepared"],
        carrier=told["driver"]["id"] if carries else None,
    )


def account_name(kind: str, customer: int | None, vendor: int | None, driver: int | None) -> str:
    if kind == "wallet":
        return f"wallet:{customer}"
    if kind == "cash":
        return f"cash:driver:{driver}" if driver else f"cash:vendor:{vendor}"
    return f"{kind}:{vendor or driver}" if vendor or driver else kind


class WatchedLife:
    """What was called in a life and what the API tells of it, beside the oracle that reckons along."""

    def __init__(self, world: World, seed: int, number: int) -> None:
        self.world, self.seed, self.number = world, seed, number
        self.dice = random.Random(f"{seed}/{number}")
        self.book, self.told = Book(), Told()
        self.log: list[str] = []
        self.terms: dict[int, Terms] = {}
        self.zones: dict[int, Zone] = {}
        self.menus: dict[int, Menu] = {}
        self.bodies: dict[int, Any] = {}  # menus as the API tells them
        self.to_vendor: dict[int, bool] = {}
        self.offer: Offer | None = None
        self.offer_row: OfferRow | None = None
        self.pending: dict[tuple[int, int], Pending] = {}
        self.tokens: dict[int, str] = {}  # of guests, by order
        self.references: dict[int, str] = {}  # of the provider, by payment
        self.came: dict[int, int] = {}  # what came in instead of what was asked for, by payment
        self.loose: list[tuple[int, Counter[str]]] = []  # postings without an order, and what they moved
        self.done: Counter[str] = Counter()

    def call(self, who: str, verb: str, path: str, body: Any = None, *, order: int | None = None, **more: Any) -> Any:
        """One call; a status of 500 or an unexpected one ends the life."""
        client: APIClient = self.world.clients[who]
        headers = {"Order-Token": self.tokens[order]} if who == "guest" and order in self.tokens else {}
        response = getattr(client, verb)(path, body, headers=headers, **more)
        shown = json.dumps(body, default=str) if body is not None and "format" not in more else more or ""
        code = response.json().get("code", "") if response.status_code in REFUSED else ""
        self.log.append(f"{who} {verb.upper()} {path} {shown} → {response.status_code} {code}")
        if not (200 <= response.status_code < 300 or response.status_code in REFUSED):
            raise Differs(f"an unexpected answer: {response.status_code} {response.content[:500]!r}")
        return response

    def service(self, name: str, call: Callable[..., Any], **arguments: Any) -> bool:
        """One act of the back-office or the worker; False where it was refused."""
        try:
            with transaction.atomic():
                call(**arguments)
        except Refusal as problem:
            self.log.append(f"{name} {arguments} → {problem.status} {problem.code}")
            return False
        self.log.append(f"{name} {arguments} → done")
        return True

    def look(self, near: Order | None = None, *, name: str = "", role: str = "system", reason_code: str = "") -> None:
        """Reads what the API tells of the orders of a purchase (None: of all) and the ledger of all; compares it.

        `name`, `role` and `reason_code` are of the transition of `near`; what else moved did so by itself.
        """
        among = near.peers if near else self.book.orders.values()
        shown = [one for one in among if not one.was_deleted]
        for one in shown:
            answer = self.world.clients["staff"].get(f"{ORDERS}/{one.id}")
            assert answer.status_code == 200, answer.content
            self.told.orders[one.id] = answer.json()
        for one in shown:
            self.follow_payments(one, self.told.orders[one.id]["payments"])
            self.hear_of_disputes(one, self.told.orders[one.id]["payments"])
        for one in shown:
            facts = facts_of(self.told.orders[one.id])
            if facts.status == one.status:
                one.facts = facts
            elif one is near and name:
                self.book.moved(one, facts, name=name, role=role, reason_code=reason_code)
            else:
                self.book.moved(one, facts, name="", role="system")
        for one in shown:
            told = self.told.orders[one.id]
            self.name_lines(one, told["items"])
            compare_order(one, told)
            self.compare_refunds(one)
            self.check_ways_out(one, told)
        self.compare_books()

    def looked(self, near: Order, granted: bool) -> bool:
        """Looks at what was granted; of what was refused nothing may have moved, which the next look tells too."""
        if granted:
            self.look(near)
        else:
            self.compare_books()
        return granted

    def follow_payments(self, order: Order, rows: Sequence[dict[str, Any]]) -> None:
        """What a provider or a worker did meanwhile. That an online payment came in the provider must say as well."""
        states = {row["id"]: row["status"] for row in rows}
        for share in list(order.shares):
            payment = share.payment
            state = states.get(payment.id or 0)
            if state is None or payment.state in ("received", "disputed"):
                continue
            if payment.method == "fake" and state in CAME_IN and share.owed:
                asked, came = sum(one.owed for one in payment.shares), self.came_in_at_provider(payment)
                if came != asked:
                    raise Differs(f"payment {payment.id} of {asked} is told paid, {came} came in at its provider")
                self.book.came_in(payment)
            elif state not in CAME_IN:
                payment.under_way = payment.under_way and state == "unpaid"
                payment.state = state

    def hear_of_disputes(self, order: Order, rows: Sequence[dict[str, Any]]) -> None:
        """Another amount came in than was asked for, and the product knows: its failure tells both."""
        failures = {row["id"]: row["failure"] for row in rows}
        for share in order.shares:
            payment = share.payment
            if payment.id in self.came and "came in instead" in failures.get(payment.id, ""):
                payment.state, payment.under_way = "disputed", False

    def came_in_at_provider(self, payment: Payment) -> int:
        """What its provider says that came in; a saved method's charge is found by its amount."""
        ledger = self.world.provider.ledger
        reference = self.references.get(payment.id or 0)
        if reference is None:
            asked = sum(one.owed for one in payment.shares)
            known = set(self.references.values())
            reference = next(
                (
                    pk
                    for pk, row in ledger.payments.items()
                    if pk not in known and row["status"] == "paid" and prices.minor(amount_of(row)) == asked
                ),
                None,
            )
            if reference is None:
                return 0
            self.references[payment.id or 0] = reference
        row = ledger.payments[reference]
        return prices.minor(amount_of(row)) if row["status"] == "paid" else 0

    def name_lines(self, order: Order, items: Sequence[dict[str, Any]]) -> None:
        lines = zip(order.amounts.lines, items, strict=True)
        order.amounts = replace(order.amounts, lines=tuple(replace(line, id=item["id"]) for line, item in lines))

    def compare_refunds(self, order: Order) -> None:
        """The refunds' rows: what goes where; their states are the worker's."""
        if not order.refunds and order.kept == sum(share.received for share in order.shares):
            return
        rows = self.world.clients["staff"].get(f"{ORDERS}/{order.id}/refunds").json()["results"]
        told = [(prices.minor(row["amount"]), row["to"]) for row in rows]
        reckoned = [(refund.amount, refund.to) for refund in order.refunds]
        if told != reckoned:
            raise Differs(f"order {order.id}: refunds told {told}, reckoned {reckoned}")
        for row, refund in zip(rows, order.refunds, strict=True):
            refund.id, refund.state = row["id"], row["state"]

    def check_ways_out(self, order: Order, told: dict[str, Any]) -> None:
        """Somebody can close an open order without success, and one that is paid with it."""
        if order.is_closed:
            return
        allowed = {row["to"]["code"] for row in told["allowed_transitions"]}
        if not allowed & FAILURE:
            raise Differs(f"order {order.id}: nobody can close it in status {order.status}: {allowed}")
        is_paid = order.kept > 0 and not order.owed or order.method == "cash" and not order.given
        if is_paid and order.kind != "digital" and not allowed & (SUCCESS | {7}):
            raise Differs(f"order {order.id}: nobody can complete it in status {order.status}: {allowed}")

    def compare_books(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(SUMS)
            by_order: dict[int | None, Counter[str]] = {}
            for order_id, kind, customer, vendor, driver, amount in cursor.fetchall():
                by_order.setdefault(order_id, Counter())[account_name(kind, customer, vendor, driver)] += int(amount)
            cursor.execute(UNEVEN)
            uneven = cursor.fetchone()[0]
            cursor.execute(WALLETS)
            balances = {f"wallet:{customer}": balance for customer, balance in cursor.fetchall()}
        self.told.ledger = by_order
        compare_ledger(self.book, by_order)
        totals = self.book.totals()
        if uneven or sum(totals.values()):
            raise Differs(f"{uneven} postings do not sum to zero")
        for name, balance in balances.items():
            if balance != totals[name] or balance < 0:
                raise Differs(f"{name} holds {balance}, reckoned {totals[name]}")
        self.check_provider()

    def check_provider(self) -> None:
        """At the provider no payment gave back more than came in."""
        ledger = self.world.provider.ledger
        for reference, rows in ledger.refunds.items():
            paid = ledger.payments[reference]
            gone = sum(prices.minor(amount_of(row)) for row in rows if row["status"] not in ("failed", "canceled"))
            if gone > (prices.minor(amount_of(paid)) if paid["status"] == "paid" else 0):
                raise Differs(f"{reference} at the provider gave back {gone}")

    def customer_of(self, order: Order) -> str:
        return "guest" if order.id in self.tokens else "customer"

    def somebody(self, order: Order, *parts: str) -> str:
        """Who does it, among the parts: customer, vendor, driver, company, staff."""
        part = self.dice.choice(parts)
        return {"customer": self.customer_of(order), "vendor": self.world.member_of(order.vendor)}.get(part, part)

    def part_of(self, who: str) -> str:
        """As what somebody acts."""
        names = {"guest": "customer", "owner": "vendor", "baker": "vendor", "courier": "driver"}
        return names.get(who, "driver" if who == "company driver" else who)
