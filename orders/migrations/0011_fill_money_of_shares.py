"""Standing orders' money in its new form, back and forth. No balance of anybody moves.

Each posting that brought money in for an order or gave it back names its share; cash, which stood in the settlement's
posting or nowhere, has postings of its own. Orders are taken in batches, each in a transaction that holds the rows of
its batch for less than a tenth of a second; everything else goes on. Taken back, kinds of postings that the old form
does not know become those that it reckons alike.
"""

import re
from collections import defaultdict

from django.db import migrations, transaction
from django.db.models import Sum
from django.utils import timezone

BATCH = 300
RECEIVED = ("paid", "authorised", "partly_refunded", "refunded")
SUCCESS = (1, 11, 15)
OUTSIDE = ("wallet", "funding", "cash")
AMISS = re.compile(r"^(\d+)(?:\.(\d+))? ([A-Z]{3}) came in instead of ")


class Book:
    """The shares, postings and refunds of one order, by the historical models."""

    def __init__(self, apps, order, shares, postings, refunds, clearing):
        self.Posting, self.Entry = apps.get_model("orders", "Posting"), apps.get_model("orders", "Entry")
        self.Account = apps.get_model("orders", "Account")
        self.order, self.shares, self.postings, self.refunds = order, shares, postings, refunds
        self.clearing = clearing
        self.received, self.refunded = defaultdict(int), defaultdict(int)
        self.made = []

    def fill(self):
        self.fill_shares()
        for posting in self.postings:
            self.move_cash_out(posting)
        waiting = [posting for posting in self.postings if posting.kind in ("payment", "refund", "cash")]
        waiting = [posting for posting in waiting if self.came(posting) is not None]
        self.match_refunds(waiting)
        for posting in waiting:
            if posting.share_id is None:
                self.give_share(posting)
        for share in self.shares:
            self.even_out(share)

    def fill_shares(self):
        first = self.shares[0] if self.shares else None
        for share in self.shares:
            share.tip = min(self.order.driver_tip, share.amount) if share is first else 0
            # Further payments were made for rises alone.
            share.is_extra = share is not first and self.is_received(first)

    def is_received(self, share):
        if share.payment.state in RECEIVED:
            return True
        return share.payment.provider == "cash" and self.order.payment_status in RECEIVED

    def came(self, posting):
        """What a posting brought in for the order (less, below zero); None for one that only divides."""
        outside = [entry.amount for entry in posting.rows if entry.account.kind in OUTSIDE]
        return -sum(outside) if outside else None

    def move_cash_out(self, posting):
        """Cash stood in the posting that divided it: it gets one of its own, and clearing stands between the two."""
        cash = [entry for entry in posting.rows if entry.account.kind == "cash" and entry.amount]
        others = [entry for entry in posting.rows if entry.account.kind not in ("cash", "clearing")]
        share = self.share_of("cash") or self.share_of("transfer")
        if not cash or share is None:
            return
        if not others:
            # It is one of its own already (it was taken back and forth).
            if posting.kind != "payment":
                self.name(posting, "refund" if posting.kind == "refund" else "cash", share)
            return
        for entry in cash:
            kind = "refund" if posting.kind == "refund" and entry.amount > 0 else "cash"
            own = self.post(kind, share, {}, at=posting.created_at, actor=posting.actor)
            entry.posting = own
            entry.save(update_fields=["posting"])
            own.rows = [entry, self.enter(own, self.clearing, -entry.amount)]
            posting.rows = [row for row in posting.rows if row is not entry]
            posting.rows.append(self.enter(posting, self.clearing, entry.amount))
            self.count(own)
            self.made.append(own)

    def match_refunds(self, waiting):
        """A refund's row tells whose its posting is; one that was taken back has a posting of that, too."""
        taken = set()
        for row in self.refunds:
            share = next((one for one in self.shares if one.payment_id == row.payment_id), None)
            if share is None:
                continue
            fitting = [posting for posting in (*waiting, *self.made) if posting.kind == "refund"]
            fitting = [posting for posting in fitting if self.came(posting) == -row.amount and posting.pk not in taken]
            gave = next((posting for posting in fitting if posting.share_id in (None, share.pk)), None)
            if gave is None:
                continue
            taken.add(gave.pk)
            if gave.share_id is None:
                self.name(gave, "refund", share)
            row.posting = gave
            row.save(update_fields=["posting"])
            if row.state != "taken_back":
                continue
            took = next(
                (
                    posting
                    for posting in waiting
                    if posting.share_id is None
                    and posting.kind == "payment"
                    and posting.pk > gave.pk
                    and self.came(posting) == row.amount
                ),
                None,
            )
            if took is not None:
                self.name(took, "retake", share)

    def give_share(self, posting):
        """What came in by a payment; what went back without a refund's row was a wallet payment that became less."""
        came = self.came(posting)
        if came == 0:
            # A refund that its provider could not send went to the wallet instead.
            self.name(posting, posting.kind, self.shares[0] if self.shares else None)
            return
        kinds = {entry.account.kind for entry in posting.rows}
        by_kind = [one for one in self.shares if (one.payment.provider == "wallet") == ("wallet" in kinds)]
        among = by_kind or self.shares
        fitting = [one for one in among if one.amount - self.received[one.pk] == came]
        share = next(iter([*fitting, *among]), None)
        if share is not None:
            self.name(posting, "payment" if posting.kind == "refund" else posting.kind, share)

    def even_out(self, share):
        """Cash that stood in no posting gets one; then the share's sums are those of its postings."""
        received = share.amount if self.is_received(share) else 0
        if share.payment.provider == "cash":
            holder, at = self.holder(), share.payment.paid_at or timezone.now()
            lacking = received - self.received[share.pk]
            if lacking:
                self.count(self.post("payment", share, {holder: -lacking, self.clearing: lacking}, at=at, actor="system"))
            for row in self.refunds:
                if row.payment_id == share.payment_id and row.posting_id is None and row.state != "taken_back":
                    amounts = {holder: row.amount, self.clearing: -row.amount}
                    row.posting = self.post("refund", share, amounts, at=row.created_at, actor=row.actor)
                    row.save(update_fields=["posting"])
                    self.count(row.posting)
        share.received, share.refunded = self.received[share.pk], self.refunded[share.pk]
        share.save(update_fields=["tip", "is_extra", "received", "refunded"])

    def holder(self):
        """Who holds the order's cash: who took it, else its driver if he accepted it, else its vendor."""
        for posting in self.postings:
            for entry in posting.rows:
                if entry.account.kind == "cash":
                    return entry.account
        for row in self.Entry.objects.filter(posting__order=self.order, account__kind="cash").select_related("account"):
            return row.account
        order = self.order
        driver = order.driver_id if order.driver_accepted_at and not order.self_delivery else None
        owner = f"driver-{driver}" if driver else order.vendor_id
        values = {"kind": "cash", "currency": order.currency}
        values |= {"driver_id": driver} if driver else {"vendor_id": order.vendor_id}
        return self.Account.objects.get_or_create(name=f"cash:{owner}:{order.currency}", defaults=values)[0]

    def share_of(self, provider):
        return next((one for one in self.shares if one.payment.provider == provider), None)

    def name(self, posting, kind, share):
        posting.kind, posting.share_id = kind, share.pk if share else None
        posting.save(update_fields=["kind", "share"])
        self.count(posting)

    def count(self, posting):
        came = self.came(posting) or 0
        if posting.kind in ("refund", "retake"):
            self.refunded[posting.share_id] -= came
        else:
            self.received[posting.share_id] += came

    def post(self, kind, share, amounts, *, at, actor):
        posting = self.Posting.objects.create(
            kind=kind, order_id=self.order.pk, share_id=share.pk, actor=actor, text="", created_at=at
        )
        posting.rows = [self.enter(posting, account, amount) for account, amount in amounts.items()]
        return posting

    def enter(self, posting, account, amount):
        entry = self.Entry.objects.create(posting=posting, account=account, amount=amount)
        entry.account = account
        return entry


def fill(apps, schema_editor):
    Order = apps.get_model("orders", "Order")
    last = 0
    while ids := list(Order.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        fill_batch(apps, ids)
        last = ids[-1]
    fill_disputes(apps)


@transaction.atomic
def fill_batch(apps, ids):
    Account, Entry = apps.get_model("orders", "Account"), apps.get_model("orders", "Entry")
    shares, postings, refunds, rows = (defaultdict(list) for _ in range(4))
    found = apps.get_model("orders", "PaymentShare").objects.filter(order__in=ids).select_related("payment")
    for share in found.order_by("payment_id"):
        shares[share.order_id].append(share)
    for entry in Entry.objects.filter(posting__order__in=ids).select_related("account").order_by("pk"):
        rows[entry.posting_id].append(entry)
    for posting in apps.get_model("orders", "Posting").objects.filter(order__in=ids).order_by("pk"):
        posting.rows = rows[posting.pk]
        postings[posting.order_id].append(posting)
    for refund in apps.get_model("orders", "Refund").objects.filter(order__in=ids).order_by("pk"):
        refunds[refund.order_id].append(refund)
    clearing = {}
    for order in apps.get_model("orders", "Order").objects.filter(pk__in=ids):
        if order.currency not in clearing:
            name, values = f"clearing::{order.currency}", {"kind": "clearing", "currency": order.currency}
            clearing[order.currency] = Account.objects.get_or_create(name=name, defaults=values)[0]
        book = [shares[order.pk], postings[order.pk], refunds[order.pk], clearing[order.currency]]
        Book(apps, order, *book).fill()


def fill_disputes(apps):
    """Another amount came in than was asked for, and nobody has said where it goes."""
    Payment = apps.get_model("orders", "Payment")
    amiss = Payment.objects.filter(state="unpaid", failure__contains=" came in instead of ").exclude(reference="")
    for payment in amiss.iterator():
        found = AMISS.match(payment.failure)
        if found:
            payment.disputed_amount = int(found[1] + (found[2] or ""))
            payment.disputed_currency = found[3]
            payment.save(update_fields=["disputed_amount", "disputed_currency"])


def empty(apps, schema_editor):
    Posting, Payment = apps.get_model("orders", "Posting"), apps.get_model("orders", "Payment")
    Posting.objects.filter(kind="cash").update(kind="settlement")
    Posting.objects.filter(kind="retake").update(kind="payment")
    shares = apps.get_model("orders", "PaymentShare").objects.filter(refunded__gt=0)
    for row in shares.values("payment").annotate(refunded=Sum("refunded")).order_by().iterator():
        Payment.objects.filter(pk=row["payment"]).update(refunded=row["refunded"])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("orders", "0010_money_of_shares")]

    operations = [migrations.RunPython(fill, empty)]
