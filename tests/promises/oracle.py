"""Where every cent must be, told a second time: a picture of orders, payments and accounts that knows only what was
asked and whether it was granted, and none of the project's code.

The rules, one method each (docs/money.md tells them to people):

* what comes in for an order comes from a wallet, from outside (`funding`) or into somebody's hands (`cash:…`), and is
  held (`clearing`) until the order is closed; what then stands there is nothing;
* a refund goes back to where it came from, from the newest payment on, or to the wallet as far as the platform itself
  has the money; a driver's cash is the platform's once it was handed in, oldest first;
* a success is divided between driver (the tip that was paid), platform and vendor in their proportions, a close
  without success keeps the policy's part of what is paid without the tip.

Accounts are named "wallet:5", "vendor:3", "driver:7", "cash:vendor:3", "cash:driver:7", "platform", "clearing",
"funding". Amounts are minor units; an account's gain is above zero.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from tests.promises.oracle_prices import Amounts, Line, Menu, Offer, Terms, Zone, half_up, minor, reckon

SUCCESS, FAILURE = frozenset({1, 11, 15}), frozenset({2, 5, 12, 16, 17})
CANCELLED_BY_CUSTOMER, DELIVERY_FAILED, NOT_COLLECTED = 16, 12, 17
# Successes that were none: the cash was not handed over after all.
MISTAKES = frozenset({"undo_delivery", "undo_collect", "undo_complete", "fail_delivery"})
NOBODY_THERE = frozenset({"customer_absent", "customer_refused"})
CAME_IN = frozenset({"paid", "authorised", "partly_refunded", "refunded"})


class Differs(AssertionError):
    """What the product tells is not what the oracle reckoned."""


# --- what pays for an order -----------------------------------------------------------------------------------------


@dataclass(eq=False)
class Payment:
    """One way in which a purchase is paid. `id` is the API's, None until it has told it."""

    method: str
    id: int | None = None
    to_vendor: bool = False  # a transfer to the vendor's own account
    state: str = "unpaid"  # unpaid, proof_pending, received, failed, disputed
    under_way: bool = False  # its provider was told of it and has not said what became of it
    shares: "list[Share]" = field(default_factory=list)

    @property
    def is_vendors(self) -> bool:
        """Whether the vendor says that it came in, into its own hands."""
        return self.method == "cash" or self.to_vendor


@dataclass(eq=False)
class Share:
    """The part of a payment that pays for one order; `outside` is what the outside accounts gained by it."""

    payment: Payment
    order: "Order"
    amount: int
    tip: int = 0
    received: int = 0
    refunded: int = 0
    is_extra: bool = False
    outside: Counter[str] = field(default_factory=Counter)
    with_success: Counter[str] = field(default_factory=Counter)  # cash handed over with the order, by whose hands

    @property
    def kept(self) -> int:
        return self.received - self.refunded

    @property
    def owed(self) -> int:
        return self.amount - self.received

    @property
    def is_with_vendor(self) -> bool:
        return self.payment.to_vendor or any(name.startswith("cash:vendor:") for name in self.cash_held())

    def cash_held(self) -> dict[str, int]:
        return {name: -gain for name, gain in self.outside.items() if name.startswith("cash:") and gain < 0}


@dataclass(eq=False)
class Refund:
    """Money that goes back; the state is the API's word for it."""

    share: Share
    amount: int
    to: str
    state: str
    closing: bool
    gave: Counter[str]  # what the outside accounts gained by it
    id: int | None = None

    @property
    def has_left(self) -> bool:
        """Whether it was sent, or given by hand; what went into the wallet can be drawn again."""
        return self.to == "source" and self.state in ("sent", "done", "failed")


@dataclass(kw_only=True)
class Facts:
    """What is no money: as the API tells it."""

    status: int
    accepted: bool = False
    preparing: bool = False
    prepared: bool = False
    carrier: int | None = None  # the driver who accepted, unless the vendor delivers itself


@dataclass(kw_only=True, eq=False)
class Order:
    """One vendor's part of a purchase."""

    id: int
    vendor: int
    wallet: str | None  # the customer's account; a guest has none
    kind: str
    method: str
    terms: Terms
    amounts: Amounts
    facts: Facts
    transfers_to_vendor: bool = False
    zone: Zone | None = None
    offer: Offer | None = None
    shares: list[Share] = field(default_factory=list)  # newest first
    refunds: list[Refund] = field(default_factory=list)
    given: int = 0  # given back while the total stayed
    waived: int = 0
    peers: "list[Order]" = field(default_factory=list)  # all orders of the purchase, this one too
    menu: Menu = field(default_factory=Menu)
    was_deleted: bool = False

    @property
    def status(self) -> int:
        return self.facts.status

    @property
    def is_closed(self) -> bool:
        return self.status in SUCCESS | FAILURE

    @property
    def kept(self) -> int:
        return sum(share.kept for share in self.shares)

    @property
    def owed(self) -> int:
        return sum(share.owed for share in self.shares)

    @property
    def paid_tip(self) -> int:
        """The tip as far as it came in and was not given back: it is given back last."""
        paid = sum(share.tip for share in self.shares if share.received)
        return min(self.amounts.driver_tip, paid, self.kept)

    @property
    def carrier_cash(self) -> str:
        """In whose hands cash is that is handed over with the order."""
        carrier = self.facts.carrier
        return f"cash:vendor:{self.vendor}" if carrier is None else f"cash:driver:{carrier}"

    # --- whom it belongs to ---------------------------------------------------------------------------------------

    def division(self) -> Counter[str]:
        """What vendor, driver and platform have of it."""
        if self.status in SUCCESS:
            driver, platform, vendor = self.division_of_success()
        elif self.status in FAILURE:
            driver, platform, vendor = self.division_of_cost()
        else:
            return Counter()
        parts = Counter({"platform": platform, f"vendor:{self.vendor}": vendor})
        if driver:
            parts[f"driver:{self.facts.carrier}"] = driver
        return parts

    def division_of_success(self) -> tuple[int, int, int]:
        """The sale is what the customer pays without the tip, and the platform's gift as large as what was paid for.

        Platform and vendor have the parts of it that they have of the whole; a refund takes from both in proportion.
        """
        amounts, tip = self.amounts, self.paid_tip
        whole = amounts.total - amounts.driver_tip
        # What was given back because the total fell is paid for no more; what was given back besides was.
        # A rise that nobody paid, and what is waived, take nothing from what the platform adds to the rest.
        unpaid = sum(share.owed - share.tip for share in self.shares if share.owed and share.is_extra) + self.waived
        due = max(whole - unpaid, 0)
        came = min(max(self.kept + self.given - self.tips_that_came, 0), due)
        gift = half_up(Fraction(amounts.gift * came, due)) if due else amounts.gift
        sale = self.kept - tip + gift
        platform = self.platforms_part_of(sale) - gift
        # What is in the vendor's own hands is the vendor's to hand on: the platform owes no tip of it.
        in_other_hands = sum(share.tip for share in self.shares if share.received and not share.is_with_vendor)
        driver = min(tip, in_other_hands) if self.facts.carrier is not None else 0
        return driver, platform, self.kept - driver - platform

    @property
    def tips_that_came(self) -> int:
        return min(self.amounts.driver_tip, sum(share.tip for share in self.shares if share.received))

    def division_of_cost(self) -> tuple[int, int, int]:
        """What a close without success keeps: nothing of it is a tip."""
        platform = self.platforms_part_of(self.kept)
        return 0, platform, self.kept - platform

    def platforms_part_of(self, sale: int) -> int:
        amounts = self.amounts
        gross = amounts.total - amounts.driver_tip + amounts.gift
        return half_up(Fraction((amounts.platform + amounts.gift) * sale, gross)) if gross else 0

    def accounts(self) -> Counter[str]:
        """What every account holds because of this order."""
        held: Counter[str] = Counter()
        for share in self.shares:
            held.update(share.outside)
        division = self.division()
        held["clearing"] = -sum(held.values()) - sum(division.values())
        held.update(division)
        return Counter({name: amount for name, amount in held.items() if amount})

    # --- what closing costs ---------------------------------------------------------------------------------------

    def cancel_rate(self) -> Fraction:
        if self.facts.prepared:
            return self.terms.cancel_prepared
        if self.facts.preparing:
            return self.terms.cancel_preparing
        return self.terms.cancel_accepted if self.facts.accepted else Fraction(0)

    def cost_at(self, rate: Fraction) -> int:
        return half_up(rate * (self.kept - self.paid_tip))

    def cancel_cost(self) -> int:
        """What its customer is told that cancelling costs."""
        return 0 if self.is_closed else self.cost_at(self.cancel_rate())

    def closing_rate(self, target: int, role: str, reason_code: str) -> Fraction:
        if target == CANCELLED_BY_CUSTOMER and role == "customer":
            return self.cancel_rate()
        absent = target == NOT_COLLECTED or (target == DELIVERY_FAILED and reason_code in NOBODY_THERE)
        return self.terms.no_show if absent else Fraction(0)


# --- the book -------------------------------------------------------------------------------------------------------


class Book:
    """All orders of a life, and what moved without one: top-ups, payouts, cash handed in."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.loose: Counter[str] = Counter()
        self.takings: dict[str, list[Share]] = {}  # whose cash came when, oldest first

    # --- money comes in -------------------------------------------------------------------------------------------

    def topped_up(self, wallet: str, amount: int) -> None:
        self.loose[wallet] += amount
        self.loose["funding"] -= amount

    def placed(self, orders: list[Order], payment: Payment, *, photos: bool) -> None:
        """What a wallet pays is paid; all else waits."""
        for order in orders:
            order.peers = orders
            self.orders[order.id] = order
            share = Share(payment, order, order.amounts.total, tip=order.amounts.driver_tip)
            order.shares.insert(0, share)
            payment.shares.append(share)
            if payment.method == "wallet":
                self.take(share, str(order.wallet))
        payment.state = "received" if payment.method == "wallet" else "proof_pending" if photos else "unpaid"

    def take(self, share: Share, source: str, amount: int | None = None) -> None:
        """So much (all that is owed) of a share comes in."""
        amount = share.owed if amount is None else amount
        share.received += amount
        share.outside[source] -= amount
        if source.startswith("cash:"):
            taken = self.takings.setdefault(source, [])
            if share not in taken:
                taken.append(share)

    def came_in(self, payment: Payment, *, only: Order | None = None, by_staff: bool = False) -> None:
        """A payment came in, or (`only`, in cash) one order's part of it. What came for a closed order goes back.

        A vendor says it of its own hands, staff (`by_staff`) of whoever carries the order.
        """
        for share in list(payment.shares):
            if only is not None and share.order is not only:
                continue
            amount = share.owed
            vendors = f"cash:vendor:{share.order.vendor}"
            holder = share.order.carrier_cash if by_staff and payment.method == "cash" else vendors
            self.take(share, holder if payment.is_vendors else "funding")
            if amount and share.order.status in FAILURE:
                self.repay(share.order, amount, closing=True, only=share)
        payment.under_way = False
        if not any(share.owed for share in payment.shares):
            payment.state = "received"

    def settled(self, payment: Payment, came: int) -> None:
        """Staff let stand what came in instead of what was asked for: the rest is waived, an excess goes back."""
        (share,) = payment.shares
        order, excess = share.order, max(0, came - share.amount)
        order.waived += max(0, share.amount - came)
        share.amount, share.tip = came, min(share.tip, came)
        self.take(share, "funding")
        if order.status in FAILURE:
            self.repay(order, came, closing=True, only=share)
        elif excess:
            self.repay_share(order, share, excess, closing=False)
        payment.state, payment.under_way = "received", False

    def turned_down(self, payment: Payment, came: int, *, asks_anew: bool) -> None:
        """Staff give back what came in instead; an open order is to be paid anew, or what was asked for is waived."""
        (share,) = payment.shares
        order, asked, tip = share.order, share.amount, share.tip
        share.amount, share.tip = came, 0
        self.take(share, "funding")
        self.repay_share(order, share, came, closing=False)
        payment.state, payment.under_way = "received", False
        if not asks_anew:
            order.waived += asked
        elif order.status not in FAILURE:
            self.add_share(order, asked, tip=tip, is_extra=share.is_extra)

    def waived(self, order: Order, share: Share) -> None:
        """Staff ask for no more of what is owed."""
        owed = share.owed
        order.waived += owed
        share.amount, share.tip = share.received, share.tip - min(share.tip, owed)
        if not any(one.owed for one in share.payment.shares):
            share.payment.state = "received"

    # --- and goes back --------------------------------------------------------------------------------------------

    def balance(self, account: str) -> int:
        outside = sum(share.outside[account] for order in self.orders.values() for share in order.shares)
        return self.loose[account] + outside

    def is_handed_in(self, share: Share, holder: str) -> bool:
        """What a driver hands in counts for the oldest order first; a vendor keeps what it takes."""
        if holder.startswith("cash:vendor:"):
            return False
        taken = self.takings[holder]
        later = taken[taken.index(share) + 1 :]
        return -self.balance(holder) <= -sum(other.outside[holder] for other in later)

    def is_with_platform(self, share: Share) -> bool:
        return all(self.is_handed_in(share, holder) for holder in share.cash_held())

    def refundable_to_wallet(self, order: Order) -> int:
        if order.wallet is None:
            return 0
        return sum(share.kept for share in order.shares if self.is_with_platform(share))

    def repay(
        self,
        order: Order,
        amount: int,
        *,
        to: str = "source",
        closing: bool = False,
        counts: bool = True,
        only: Share | None = None,
    ) -> None:
        """An amount of what is kept goes back, from the newest payment on."""
        left = amount
        for share in [only] if only else order.shares:
            if share.kept and (to == "source" or self.is_with_platform(share)):
                part = min(left, share.kept)
                left -= part
                if part:
                    self.repay_share(order, share, part, to=to, closing=closing)
        if left:
            raise Differs(f"order {order.id}: {left} more was given back than was there to give")
        if counts:
            order.given += amount

    def repay_share(self, order: Order, share: Share, amount: int, *, to: str = "source", closing: bool) -> None:
        """So much of a share goes to the wallet at once, else is given back by who has it."""
        method, gave = share.payment.method, Counter[str]()
        to_wallet = method == "wallet" or to == "wallet"
        if to_wallet:
            gave[str(order.wallet)] = amount
        else:
            for holder, held in share.cash_held().items():
                part = min(amount - sum(gave.values()), held)
                gave["funding" if self.is_handed_in(share, holder) else holder] += part
            gave["funding"] += amount - sum(gave.values())
        share.outside.update(gave)
        share.refunded += amount
        state = "done" if to_wallet else "pending" if method == "fake" else "by_hand"
        order.refunds.append(Refund(share, amount, "wallet" if to_wallet else "source", state, closing, gave))

    def refund_goes_to_wallet(self, order: Order, refund: Refund) -> None:
        """Its provider could not send it."""
        gave = Counter({str(order.wallet): refund.amount})
        refund.share.outside.subtract(refund.gave)
        refund.share.outside.update(gave)
        refund.to, refund.state, refund.gave = "wallet", "done", gave

    # --- what an order costs changes ------------------------------------------------------------------------------

    def edited(self, order: Order, lines: Iterable[Line], *, by_customer: bool) -> None:
        """Other items: the customer's own change reckons the delivery fee anew, others' leave it."""
        after = self.amounts_with(order, list(lines), by_customer=by_customer)
        difference = after.total - order.amounts.total
        order.amounts = after
        self.total_changed(order, difference)

    def amounts_with(self, order: Order, lines: list[Line], *, by_customer: bool) -> Amounts:
        """An order with other lines, by the terms of its placing."""
        subtotal = sum(line.total for line in lines)
        fee = order.amounts.delivery_fee
        if by_customer and order.zone is not None:
            fee = order.zone.fee_for(subtotal)
        return reckon(
            lines,
            order.terms,
            delivery_fee=fee,
            off=self.offer_with(order, subtotal, fee),
            offer=order.offer,
            tip=order.amounts.driver_tip,
        )

    def offer_with(self, order: Order, subtotal: int, fee: int) -> int:
        """What the order's offer takes off it; the others that share it keep their parts, this one gets the rest."""
        offer = order.offer
        if offer is None:
            return 0
        others = [peer.amounts for peer in order.peers if peer is not order and peer.offer is offer]
        subtotals = [subtotal, *(other.subtotal for other in others)]
        if sum(subtotals) < offer.minimum:
            return 0
        whole = sum(offer.takes_off(subtotals, [fee, *(other.delivery_fee for other in others)]))
        return max(0, whole - sum(other.discount for other in others))

    def tip_changed(self, order: Order, tip: int) -> None:
        difference = tip - order.amounts.driver_tip
        order.amounts = replace(order.amounts, driver_tip=tip, total=order.amounts.total + difference)
        self.total_changed(order, difference, is_tip=True)

    def total_changed(self, order: Order, difference: int, *, is_tip: bool = False) -> None:
        if difference and order.amounts.total < order.given + order.waived:
            raise Differs(f"order {order.id}: it costs less by now than was given back")
        if difference > 0:
            self.raise_shares(order, difference, is_tip=is_tip)
        elif difference < 0:
            self.lower_shares(order, -difference, is_tip=is_tip)

    def raise_shares(self, order: Order, rise: int, *, is_tip: bool) -> None:
        """A rise is added to what is not paid yet, drawn from the wallet, or is a payment of its own.

        What fell to nothing before it was paid is asked for again, unless staff waived what was owed.
        """
        tip = rise if is_tip else 0
        waiting = [share for share in order.shares if share.owed]
        if not order.waived:
            waiting += [share for share in order.shares if not share.amount and share.payment.state != "received"]
        share = next(iter(waiting), None)
        wallet = next((share for share in order.shares if share.payment.method == "wallet"), None)
        if share is None and order.method == "wallet" and wallet is not None:
            wallet.amount, wallet.tip = wallet.amount + rise, wallet.tip + tip
            self.take(wallet, str(order.wallet))
        elif share is not None:
            share.amount, share.tip = share.amount + rise, share.tip + tip
        else:
            self.add_share(order, rise, tip=tip, is_extra=True)

    def add_share(self, order: Order, amount: int, *, tip: int, is_extra: bool = False) -> Share:
        payment = Payment(order.method, to_vendor=order.transfers_to_vendor and order.method == "transfer")
        share = Share(payment, order, amount, tip=tip, is_extra=is_extra)
        payment.shares.append(share)
        order.shares.insert(0, share)
        return share

    def lower_shares(self, order: Order, fall: int, *, is_tip: bool) -> None:
        """A fall is taken from what is not paid yet first, then given back; a tip's from the tip first."""
        left = fall
        for share, room in self.rooms(order, of_tip=is_tip):
            part = min(left, room)
            if part <= 0:
                continue
            left -= part
            tip = min(part, share.tip) if is_tip else max(0, share.tip - (share.amount - part))
            if share.owed:
                share.amount, share.tip = share.amount - part, share.tip - tip
            elif share.payment.method == "wallet":
                share.outside[str(order.wallet)] += part
                share.received -= part
                share.amount, share.tip = share.amount - part, share.tip - tip
            else:
                self.repay_share(order, share, part, closing=False)
                share.tip -= tip if is_tip else 0
        if left:
            raise Differs(f"order {order.id}: its total fell by {left} more than was owed and kept")

    @staticmethod
    def rooms(order: Order, *, of_tip: bool) -> Iterator[tuple[Share, int]]:
        ordered = sorted(order.shares, key=lambda share: share.owed == 0)
        for share in ordered:
            yield share, min(share.tip if of_tip else share.amount - share.tip, share.owed or share.kept)
        for share in ordered:
            yield share, share.owed or share.kept

    def method_changed(self, order: Order, method: str) -> None:
        """What the wallet paid and is kept goes back to it; what was refunded stays; the rest is paid the new way."""
        order.method = method
        for share in list(order.shares):
            if share.received and not share.owed and not share.kept:
                continue
            if share.kept:
                share.outside[str(order.wallet)] += share.kept
                share.received -= share.kept
            moved = share
            if share.refunded:
                rest = share.owed
                tip = min(share.tip, rest)
                share.amount, share.tip = share.amount - rest, share.tip - tip
                moved = self.add_share(order, rest, tip=tip)
            payment = moved.payment
            payment.method, payment.state, payment.under_way = method, "unpaid", False
            payment.to_vendor = order.transfers_to_vendor and method == "transfer"
            if method == "wallet":
                self.take(moved, str(order.wallet))
                payment.state = "received"

    # --- money follows the status ---------------------------------------------------------------------------------

    def moved(self, order: Order, facts: Facts, *, name: str, role: str, reason_code: str = "") -> None:
        """The order's status changed: what it leaves first, then what it enters."""
        source, target = order.status, facts.status
        rate = order.closing_rate(target, role, reason_code)
        if source in FAILURE and target not in FAILURE:
            self.reopened(order, anew=name == "reopen")
        if source in SUCCESS and target not in SUCCESS and name in MISTAKES:
            self.not_handed_over(order)
        cost = order.cost_at(rate)
        order.facts = facts
        if target in FAILURE and source not in FAILURE:
            self.closed(order, cost)
        if target in SUCCESS and source not in SUCCESS:
            self.handed_over(order)

    def handed_over(self, order: Order) -> None:
        for share in order.shares:
            if share.payment.method == "cash" and share.owed:
                share.with_success[order.carrier_cash] += share.owed
                self.take(share, order.carrier_cash)

    def not_handed_over(self, order: Order) -> None:
        for share in order.shares:
            for holder, amount in list(share.with_success.items()):
                if amount and not self.is_handed_in(share, holder):
                    share.outside[holder] += amount
                    share.received -= amount
                    del share.with_success[holder]

    def closed(self, order: Order, cost: int) -> None:
        """Without success: all goes back but for what that costs, and what is not paid needs no paying."""
        if order.kept > cost:
            self.repay(order, order.kept - cost, closing=True)
        for share in list(order.shares):
            payment = share.payment
            if not share.owed or payment.method == "cash" or payment.state in ("proof_pending", "disputed"):
                continue
            others = any(one.order.status not in FAILURE for one in payment.shares if one is not share)
            if not others:
                payment.state = "failed"
            elif not payment.under_way:
                payment.shares.remove(share)
                order.shares.remove(share)

    def reopened(self, order: Order, *, anew: bool) -> None:
        """A close is taken back: what it gave back is taken again, or (`anew`) asked for again where it has left."""
        for refund in order.refunds:
            if not refund.closing or refund.state == "taken_back":
                continue
            order.given -= refund.amount
            if refund.has_left:
                if not anew:
                    raise Differs(f"order {order.id}: taken back although {refund.amount} had left the house")
                refund.closing = False
                continue
            refund.share.outside.subtract(refund.gave)
            refund.share.refunded -= refund.amount
            refund.state = "taken_back"
        missing = order.amounts.total - order.given - order.waived
        missing -= sum(share.amount - share.refunded for share in order.shares)
        if missing > 0:
            tips = sum(share.tip for share in order.shares)
            self.add_share(order, missing, tip=max(0, min(missing, order.amounts.driver_tip - tips)))
        for share in order.shares:
            if share.payment.state == "failed":
                share.payment.state = "unpaid"

    # --- purses ---------------------------------------------------------------------------------------------------

    def handed_in(self, holder: str, amount: int) -> None:
        self.loose[holder] += amount
        self.loose["funding"] -= amount

    def paid_out(self, owner: str, amount: int) -> None:
        """An owner such as "vendor:3" gets an amount; the cash in its hands is set off."""
        cash = self.total(f"cash:{owner}")
        self.loose[f"cash:{owner}"] -= cash
        self.loose[owner] += cash - amount
        self.loose["funding"] += amount

    def total(self, account: str) -> int:
        return self.totals()[account]

    def totals(self) -> Counter[str]:
        """What every account holds in all."""
        held = Counter(self.loose)
        for order in self.orders.values():
            held.update(order.accounts())
        return Counter({name: amount for name, amount in held.items() if amount})


# --- what the product tells, against the picture --------------------------------------------------------------------


def compare_order(order: Order, told: Mapping[str, Any]) -> None:
    """What the API tells of an order: its amounts, its payments, what cancelling costs."""
    expect(order, "amounts", {name: minor(told[name]) for name in Amounts.TOLD}, order.amounts.told())
    expect(order, "refunded", minor(told["refunded"]), order.given)
    expect(order, "method", told["payment_method"], order.method)
    compare_cancel_cost(order, minor(told["cancel_cost"]))
    compare_payments(order, told["payments"])
    compare_payment_status(order, told["payment_status"])
    for line, row in zip(order.amounts.lines, told.get("items", ()), strict=bool(told.get("items"))):
        expect(order, "item", {"total": minor(row["total"]), "refunded": minor(row["refunded"])}, item_of(line))


def compare_cancel_cost(order: Order, told: int) -> None:
    """The policy's part; of an offer that others share also what it takes off them, with fees and tax on that."""
    least, most = order.cancel_cost(), order.cancel_cost()
    if order.offer is not None and not order.is_closed:
        sharing = [peer for peer in order.peers if peer is not order and peer.offer is order.offer]
        most += 2 * sum(peer.amounts.discount for peer in sharing if not peer.is_closed)
    if not least <= told <= most:
        raise Differs(f"order {order.id}: cancel_cost told {told}, reckoned {least} to {most}")


def item_of(line: Line) -> dict[str, int]:
    return {"total": line.total, "refunded": line.refunded}


def compare_payments(order: Order, told: Iterable[Mapping[str, Any]]) -> None:
    """Each payment's part; of a closed order what never came in is no matter."""
    rows = {row["id"]: row for row in told}
    name_new_payments(order, rows)
    for share in order.shares:
        if order.is_closed and not share.received:
            continue
        row = rows.get(share.payment.id or 0)
        if row is None:
            raise Differs(f"order {order.id}: payment {share.payment.id} is not told")
        shown = {"amount": minor(row["amount"]), "refunded": minor(row["refunded"])}
        expect(order, f"payment {row['id']}", shown, {"amount": share.amount, "refunded": share.refunded})
        if share.amount and (row["status"] in CAME_IN) != (share.received > 0 and not share.owed):
            raise Differs(f"order {order.id}: payment {row['id']} is {row['status']}, received {share.received}")
    if not order.is_closed:
        told_sum = sum(minor(row["amount"]) - minor(row["refunded"]) for row in rows.values())
        expect(order, "what it costs", told_sum, order.amounts.total - order.given - order.waived)


def name_new_payments(order: Order, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Payments that the API tells for the first time get its ids."""
    known = {share.payment.id for share in order.shares}
    new = sorted(pk for pk in rows if pk not in known)
    for share in sorted((one for one in order.shares if one.payment.id is None), key=order.shares.index, reverse=True):
        if new:
            share.payment.id = new.pop(0)


def compare_payment_status(order: Order, told: str) -> None:
    """Paid is what has nothing to come in, a rise apart: of which something came in, or which was waived."""
    if order.is_closed or not order.amounts.total:
        return
    waits = any(share.owed and not share.is_extra for share in order.shares)
    came = any(share.received for share in order.shares)
    if (told in CAME_IN) != (not waits and (came or bool(order.waived) or not order.owed)):
        raise Differs(f"order {order.id}: its payment is {told}, kept {order.kept}, owed {order.owed}")
    is_refunded = order.kept == 0 and (order.given > 0 or not order.waived)
    if came and told in CAME_IN and (told == "refunded") != is_refunded:
        raise Differs(f"order {order.id}: its payment is {told}, and {order.kept} of it is kept")


def compare_ledger(book: Book, by_order: Mapping[int | None, Mapping[str, int]]) -> None:
    """The ledger's entries, summed by order (None: without one) and account."""
    for order_id, order in book.orders.items():
        held = {name: amount for name, amount in by_order.get(order_id, {}).items() if amount}
        expect(order, "accounts", held, dict(order.accounts()))
        check_order(order, Counter(held))
    loose = {name: amount for name, amount in by_order.get(None, {}).items() if amount}
    if loose != {name: amount for name, amount in book.loose.items() if amount}:
        raise Differs(f"without an order the ledger moved {loose}, not {dict(book.loose)}")
    strangers = set(by_order) - set(book.orders) - {None}
    if strangers:
        raise Differs(f"the ledger knows orders that nobody placed: {strangers}")


def check_order(order: Order, held: Counter[str]) -> None:
    """What holds whatever the oracle reckoned."""
    if sum(held.values()):
        raise Differs(f"order {order.id}: its entries sum to {sum(held.values())}")
    if held["clearing"] < 0 or (order.is_closed and held["clearing"]):
        raise Differs(f"order {order.id}: {held['clearing']} in clearing in status {order.status}")
    vendors = sum(amount for name, amount in held.items() if name.startswith("cash:vendor:"))
    drivers = sum(amount for name, amount in held.items() if name.startswith("cash:driver:"))
    wallet = sum(amount for name, amount in held.items() if name.startswith("wallet:"))
    if vendors > 0 or wallet + held["funding"] + drivers > 0:
        raise Differs(f"order {order.id}: more went back than came in: {dict(held)}")
    # What the platform itself received bears what it owes; what a vendor attests bears nothing but its own part.
    received, gift = -(wallet + held["funding"] + drivers), order.amounts.gift
    tip = held[f"driver:{order.facts.carrier}"]
    vendor = held[f"vendor:{order.vendor}"] + vendors
    if max(vendor, 0) + tip > received + gift:
        raise Differs(f"order {order.id}: more is owed than the platform received: {dict(held)}")


def check_nobody_gains(order: Order, before: Counter[str], after: Counter[str]) -> None:
    """By a refund neither vendor, driver nor platform has more than before."""
    for name in {*before, *after}:
        if name.split(":")[0] in ("vendor", "driver", "platform") and after[name] > before[name]:
            raise Differs(f"order {order.id}: {name} gains by a refund: {before[name]} to {after[name]}")


def expect(order: Order, what: str, told: object, reckoned: object) -> None:
    if told != reckoned:
        raise Differs(f"order {order.id}: {what} told {told}, reckoned {reckoned}")
