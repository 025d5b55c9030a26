"""Standing money in the new form: what came in, and went back, is a posting of its order's share; cash too.

Nobody's balance moves, but that cash which was marked as received on an order that is open enters the hands that hold
it. What was divided keeps its amounts, and says so (DIVIDED_BEFORE). Where postings and columns cannot be matched, the
columns decide, so that what is paid stays paid; `manage.py check_ledger` then names the order.

Runs in batches of BATCH rows, each a transaction of well under a second that locks only the rows that it writes, and
may be run again after it was stopped. Orders that an older process changes meanwhile are named by check_ledger.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from django.db import connection, migrations, transaction
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from ordersite.core.money import MoneyError, from_text

BATCH = 500
RECEIVED = ("paid", "authorised", "partly_refunded", "refunded")
SUCCESS = (1, 11, 15)
CLOSED = (1, 11, 15, 2, 5, 12, 16, 17)
OUTSIDE = ("wallet", "funding", "cash")
# What moves an order's money among clearing, vendor, driver and platform.
DIVIDING = ("settlement", "reversal", "adjustment", "refund")
DIVIDED_BEFORE = "Divided by the rules of before."
DISPUTED = re.compile(r"(?P<amount>[0-9.]+) (?P<currency>[A-Z]{3}) came in instead of ")


def batches(rows):
    """The rows in batches, by id."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def by(rows, name):
    """The rows in lists, by this attribute."""
    found = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def write_numbers(model, rows, *columns):
    """Writes whole numbers of many rows in one statement: bulk_update takes seconds for it, and holds them locked."""
    if not rows:
        return
    table, named = model._meta.db_table, ", ".join(("id", *columns))
    values = ", ".join(f"({', '.join(str(int(getattr(row, name))) for name in ('id', *columns))})" for row in rows)
    sets = ", ".join(f"{name} = changed.{name}" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH changed ({named}) AS (VALUES {values}) "
            f"UPDATE {table} SET {sets} FROM changed WHERE {table}.id = changed.id"
        )


class Changes:
    """What a batch writes of postings and entries: a few statements for all of it."""

    def __init__(self, apps):
        self.Account, self.Entry = apps.get_model("orders", "Account"), apps.get_model("orders", "Entry")
        self.Posting = apps.get_model("orders", "Posting")
        self.accounts, self.entries = {}, defaultdict(list)
        self.clear()

    def clear(self):
        self.new_postings, self.changed_postings, self.gone_postings = [], [], []
        self.new_entries, self.changed_entries, self.moved_entries = [], [], []

    def read_entries(self, postings):
        """The postings' entries with their accounts, by posting."""
        entries = self.Entry.objects.filter(posting__in=postings).select_related("account").order_by("pk")
        self.entries = by(entries, "posting_id")
        return self.entries

    def account(self, kind, currency, **owner):
        """The account, made where there is none; named as orders.services.money.ledger.AccountKey does."""
        driver, other = owner.get("driver_id"), owner.get("vendor_id") or ""
        name = f"{kind}:{f'driver-{driver}' if driver else other}:{currency}"
        if name not in self.accounts:
            row = {"kind": kind, "currency": currency, **owner}
            self.accounts[name] = self.Account.objects.get_or_create(name=name, defaults=row)[0]
        return self.accounts[name]

    def post(self, **fields):
        posting = self.Posting(**fields)
        self.new_postings.append(posting)
        return posting

    def add(self, posting, account, amount):
        """Changes what the posting moves on an account by so much."""
        entry = next((one for one in self.entries[posting.pk] if one.account_id == account.pk), None)
        if entry is None:
            entry = self.Entry(posting=posting, account=account, amount=0)
            self.entries[posting.pk].append(entry)
            self.new_entries.append(entry)
        entry.amount += amount
        self.changed_entries.append(entry)

    def write(self):
        self.Posting.objects.bulk_create(self.new_postings)
        self.Entry.objects.bulk_create(entry for entry in self.new_entries if entry.amount)
        for entry, posting in self.moved_entries:
            entry.posting = posting
        new = set(map(id, self.new_entries))
        changed = {entry.pk: entry for entry in self.changed_entries if id(entry) not in new}
        changed |= {entry.pk: entry for entry, _ in self.moved_entries}
        standing = [entry for entry in changed.values() if entry.amount]
        write_numbers(self.Entry, standing, "posting_id", "account_id", "amount")
        self.Entry.objects.filter(pk__in=[pk for pk, entry in changed.items() if not entry.amount]).delete()
        for kind, postings in by(self.changed_postings, "kind").items():
            ids = [posting.pk for posting in postings]
            self.Posting.objects.filter(pk__in=ids).exclude(kind=kind).update(kind=kind)
        write_numbers(self.Posting, [row for row in self.changed_postings if row.share_id], "share_id")
        without = [row.pk for row in self.changed_postings if row.share_id is None]
        self.Posting.objects.filter(pk__in=without, share__isnull=False).update(share=None)
        self.Posting.objects.filter(pk__in=[posting.pk for posting in self.gone_postings]).delete()
        self.clear()


# --- forward: cash comes in by a posting of its own -----------------------------------------------------------------


def split_cash(apps, schema_editor):
    """{cash −X, vendor, driver, platform} becomes {cash −X, clearing +X} and {clearing −X, vendor, driver, platform}.

    In the order in which it was posted: what a driver hands in counts for the oldest.
    """
    Posting, changes = apps.get_model("orders", "Posting"), Changes(apps)
    with_cash = changes.Entry.objects.filter(account__kind="cash").values("posting")
    mixed = Posting.objects.filter(kind__in=DIVIDING, share=None, order__isnull=False, pk__in=with_cash)
    for batch in batches(mixed):
        with transaction.atomic():
            shares = apps.get_model("orders", "PaymentShare").objects.filter(order__in=[row.order_id for row in batch])
            shares = by(shares.select_related("payment").order_by("payment_id"), "order_id")
            changes.read_entries(batch)
            for posting in batch:
                split_posting(changes, posting, cash_share(shares[posting.order_id]))
            changes.write()


def cash_share(shares):
    """The share that was paid in cash, of an order's; the oldest where none says so."""
    return next((share for share in shares if share.payment.provider == "cash"), shares[0] if shares else None)


def split_posting(changes, posting, share):
    kind, entries = "refund" if posting.kind == "refund" else "cash", changes.entries[posting.pk]
    cash = [entry for entry in entries if entry.account.kind == "cash"]
    if len(cash) == len(entries):
        posting.kind, posting.share = kind, share
        changes.changed_postings.append(posting)
        return
    moved, clearing = sum(entry.amount for entry in cash), changes.account("clearing", cash[0].account.currency)
    changes.add(posting, clearing, moved)
    fields = {"order_id": posting.order_id, "actor": posting.actor, "created_at": posting.created_at}
    came = changes.post(kind=kind, share=share, **fields)
    changes.moved_entries += [(entry, came) for entry in cash]
    changes.new_entries.append(changes.Entry(posting=came, account=clearing, amount=-moved))


# --- forward: postings find their shares ----------------------------------------------------------------------------


@dataclass(eq=False)
class Piece:
    """One posting that moves money between the outside and an order; `came` is below zero for what went."""

    posting: object
    entries: list
    outside: str
    came: int


@dataclass(eq=False)
class Book:
    """One order with what pays for it, oldest first, and what its postings moved."""

    order: object
    shares: list
    refunds: list
    pieces: list
    # What came in by each share's postings; postings that have no share yet; refunds of cash that have no posting.
    came: dict = field(default_factory=lambda: defaultdict(int))
    free: list = field(default_factory=list)
    unposted: list = field(default_factory=list)

    def __post_init__(self):
        self.free = list(self.pieces)

    def is_received(self, share):
        by_order = share.payment.provider == "cash" and self.order.payment_status in RECEIVED
        return by_order or share.payment.state in RECEIVED

    def wanted(self, share):
        return share.amount if self.is_received(share) else 0


def fill_orders(apps, schema_editor):
    """Every order's shares know what they received, gave back and hold of the tip, and their postings know them."""
    Order, Posting = apps.get_model("orders", "Order"), apps.get_model("orders", "Posting")
    PaymentShare, Refund = apps.get_model("orders", "PaymentShare"), apps.get_model("orders", "Refund")
    changes = Changes(apps)
    for batch in batches(Order.objects.all()):
        with transaction.atomic():
            shares = PaymentShare.objects.filter(order__in=batch).order_by("payment_id")
            shares = by(shares.select_related("payment__checked_by"), "order_id")
            refunds = by(Refund.objects.filter(order__in=batch).order_by("pk"), "order_id")
            postings = list(Posting.objects.filter(order__in=batch).order_by("pk"))
            entries, pieces = changes.read_entries(postings), defaultdict(list)
            for posting in postings:
                if piece := piece_of(posting, entries[posting.pk]):
                    pieces[posting.order_id].append(piece)
            paid = [row for row in batch if shares[row.pk]]
            books = [Book(row, shares[row.pk], refunds[row.pk], pieces[row.pk]) for row in paid]
            for book in books:
                match_refunds(book)
                match_payments(book)
                post_cash(changes, book)
                fill_shares(book)
                if fill_order(book):
                    book.order.save(update_fields=["payment_status", "money_leaves_at", "due_at"])
            changes.changed_postings += [piece.posting for book in books for piece in book.pieces]
            changes.write()
            filled = [share for book in books for share in book.shares]
            write_numbers(PaymentShare, filled, "received", "refunded", "tip")
            extras = [share for share in filled if share.is_extra]
            PaymentShare.objects.filter(pk__in=[share.pk for share in extras]).update(is_extra=True)
            waits = [share.payment_id for share in extras if not share.received]
            apps.get_model("orders", "Payment").objects.filter(pk__in=waits).update(expires_at=None)


def piece_of(posting, entries):
    """The posting as a piece; None where it only divides."""
    kinds = {entry.account.kind for entry in entries}
    if kinds - {*OUTSIDE, "clearing"} or (posting.kind in DIVIDING and not kinds & set(OUTSIDE)):
        return None
    came = sum(entry.amount for entry in entries if entry.account.kind == "clearing")
    outside = next((kind for kind in OUTSIDE if kind in kinds), "")
    return Piece(posting, entries, outside, came)


def give(book, piece, share, kind):
    piece.posting.share, piece.posting.kind = share, kind
    book.free.remove(piece)


def match_refunds(book):
    """Each refund finds the posting of its amount that followed it; of one taken back also the posting that did so."""
    of_payment = {share.payment_id: share for share in book.shares}
    for row in book.refunds:
        share = of_payment.get(row.payment_id)
        if share is None:
            continue
        gone = take(book, row, share, -row.amount, row.created_at, "refund")
        if gone and row.state == "taken_back":
            take(book, row, share, row.amount, gone.created_at, "retake")
        by_hand = share.payment.provider == "cash" and row.to == "source" and row.state != "taken_back"
        if gone is None and by_hand and book.is_received(share):
            book.unposted.append(row)
    # A refund that its provider could not send, and that went to the wallet instead.
    for piece in [piece for piece in book.free if piece.came == 0 and len(piece.entries) == 2]:
        if piece.outside == "wallet":
            amount = max(entry.amount for entry in piece.entries)
            sent = [row.payment_id for row in book.refunds if (row.to, row.amount) == ("wallet", amount)]
            share = next((of_payment[pk] for pk in sent if pk in of_payment), book.shares[0])
            give(book, piece, share, "refund")


def take(book, row, share, amount, since, kind):
    """Gives the share the first posting of this amount since then that may be the refund's; None where there is none."""
    by_hand = share.payment.provider == "cash" and row.to == "source"
    outside = ("cash", "funding") if by_hand else ("wallet", "funding") if row.to == "wallet" else ("funding",)
    for piece in book.free:
        if piece.came == amount and piece.outside in outside and piece.posting.created_at >= since:
            give(book, piece, share, kind)
            return piece.posting
    return None


def match_payments(book):
    """All else came in, or is the fall of a total that the wallet got back: of the share that lacks just so much."""
    for piece in list(book.free):
        fitting = [share for share in book.shares if fits(share, piece.outside)] or book.shares
        lacking = {share: book.wanted(share) - book.came[share] for share in fitting}
        most = max(fitting, key=lambda share: lacking[share] if piece.came > 0 else -lacking[share])
        share = next((share for share in fitting if lacking[share] == piece.came), most)
        give(book, piece, share, "cash" if piece.posting.kind == "cash" else "payment")
        book.came[share] += piece.came


def fits(share, outside):
    """Whether money of this kind of account may have paid the share."""
    provider = share.payment.provider
    return outside == (provider if provider in ("wallet", "cash") else "funding")


# --- forward: cash that was never posted ----------------------------------------------------------------------------


def post_cash(changes, book):
    """Cash that was marked as received, or given back by hand before the success, gets its posting.

    Where a success posted only what was left, it becomes what came in: the holder's balance stays.
    """
    share = next((share for share in book.shares if share.payment.provider == "cash"), None)
    if share is None:
        return
    missing, given = book.wanted(share) - book.came[share], sum(row.amount for row in book.unposted)
    if missing <= 0 and not given:
        return
    came, holder = newest_cash(book), holder_of(changes, book, share)
    if came and missing == given:
        changes.add(came.posting, holder, -missing)
        changes.add(came.posting, changes.account("clearing", book.order.currency), missing)
    elif missing > 0:
        paid_at = share.payment.paid_at or book.order.placed_at
        post(changes, book, share, holder, -missing, kind="payment", actor="system", created_at=paid_at)
    for row in book.unposted:
        post(changes, book, share, holder, row.amount, kind="refund", actor=row.actor, created_at=row.created_at)


def post(changes, book, share, holder, amount, **fields):
    """{holder: amount, clearing: −amount}"""
    posting = changes.post(order=book.order, share=share, **fields)
    clearing = changes.account("clearing", book.order.currency)
    for account, part in ((holder, amount), (clearing, -amount)):
        changes.new_entries.append(changes.Entry(posting=posting, account=account, amount=part))


def newest_cash(book):
    """The newest piece by which cash came in, if any."""
    return next((piece for piece in reversed(book.pieces) if piece.outside == "cash" and piece.came > 0), None)


def holder_of(changes, book, share):
    """Who holds the order's cash: who took it; of what was marked as received the vendor, by staff who carries it."""
    order, payment, came = book.order, share.payment, newest_cash(book)
    if came:
        return next(entry.account for entry in came.entries if entry.account.kind == "cash")
    by_staff = payment.checked_by is not None and payment.checked_by.is_staff
    carried = order.driver_id and order.driver_accepted_at and not order.self_delivery
    owner = {"driver_id": order.driver_id} if by_staff and carried else {"vendor_id": order.vendor_id}
    return changes.account("cash", order.currency, **owner)


# --- forward: the columns -------------------------------------------------------------------------------------------


def fill_shares(book):
    """What is paid is received in whole; the tip is of what is received before what is not, oldest first."""
    tip, was_paid = book.order.driver_tip, False
    for share in book.shares:
        share.received = book.wanted(share)
        share.refunded = min(share.refunded, share.received)
        share.is_extra, was_paid = was_paid, was_paid or share.received > 0
    for share in sorted(book.shares, key=lambda share: not share.received):
        share.tip = min(tip, share.amount)
        tip -= share.tip


def fill_order(book):
    """A rise that is not paid makes no paid order unpaid; when what a close gave back left the house. Any of both?"""
    order = book.order
    leaves = [
        row.due_at or row.done_at or row.created_at
        for row in book.refunds
        if row.closing and row.to == "source" and (row.due_at or row.attempts or row.state in ("sent", "done"))
        if row.state != "taken_back"
    ]
    order.money_leaves_at = max(leaves, default=None)
    unpaid = [share for share in book.shares if share.amount and not share.received]
    was_raised = order.status not in CLOSED and unpaid and all(share.is_extra for share in unpaid)
    if was_raised:
        kept = sum(share.received - share.refunded for share in book.shares)
        order.payment_status = "paid" if not order.refunded else "partly_refunded" if kept else "refunded"
        # The worker reckons anew what is due, and when.
        order.due_at = timezone.now()
    return bool(leaves or was_raised)


def fill_disputes(apps, schema_editor):
    """What came in with another amount, of which only the words were kept, is kept as an amount where they tell it."""
    Payment = apps.get_model("orders", "Payment")
    found = Payment.objects.filter(state="unpaid", failure__contains=" came in instead of ").exclude(reference="")
    for payment in found:
        words = DISPUTED.match(payment.failure)
        try:
            amount = from_text(words["amount"], words["currency"]) if words else 0
        except MoneyError:
            continue
        if amount:
            payment.disputed_amount, payment.disputed_currency = amount, words["currency"]
            payment.save(update_fields=["disputed_amount", "disputed_currency"])


def mark_divided(apps, schema_editor):
    """What was divided before keeps its amounts: it says so, for those who prove it."""
    Posting = apps.get_model("orders", "Posting")
    for batch in batches(Posting.objects.filter(order__isnull=False, share=None, text="", kind__in=DIVIDING)):
        Posting.objects.filter(pk__in=[row.pk for row in batch]).update(text=DIVIDED_BEFORE)


# --- back -----------------------------------------------------------------------------------------------------------


def merge_cash(apps, schema_editor):
    """The old form: cash is posted by what divides it, kinds are the four of before.

    What a vendor's own account received counts as the platform's again: the old form knows no other.
    """
    Order, Posting, changes = apps.get_model("orders", "Order"), apps.get_model("orders", "Posting"), Changes(apps)
    for batch in batches(Order.objects.all()):
        with transaction.atomic():
            postings = list(Posting.objects.filter(order__in=batch).select_related("share__payment").order_by("pk"))
            changes.read_entries(postings)
            for of_order in by(postings, "order_id").values():
                dividing = [row for row in of_order if row.share_id is None and row.kind in DIVIDING]
                for posting in of_order:
                    if posting.share_id is not None:
                        merge_posting(changes, posting, dividing)
            changes.write()
    for batch in batches(Posting.objects.filter(text=DIVIDED_BEFORE)):
        Posting.objects.filter(pk__in=[row.pk for row in batch]).update(text="")


def merge_posting(changes, posting, dividing):
    """Cash goes into the first division that followed it; without one it was only marked as received."""
    entries = changes.entries[posting.pk]
    cash = [entry for entry in entries if entry.account.kind == "cash"]
    came = sum(entry.amount for entry in entries if entry.account.kind == "clearing")
    if cash and posting.share.payment.provider == "cash":
        later = (row for row in dividing if row.created_at >= posting.created_at)
        into = next(later, dividing[-1] if dividing else None)
        for entry in entries:
            if into:
                changes.add(into, entry.account, entry.amount)
            changes.add(posting, entry.account, -entry.amount)
        changes.gone_postings.append(posting)
        return
    for entry in cash:
        entry.account = changes.account("funding", entry.account.currency)
        changes.changed_entries.append(entry)
    posting.share = None
    posting.kind = "refund" if came < 0 or (came == 0 and posting.kind == "refund") else "payment"
    changes.changed_postings.append(posting)


def sum_payments(apps, schema_editor):
    """A payment's own sum of refunds; an order with a rise that is not paid is unpaid again."""
    Payment, PaymentShare = apps.get_model("orders", "Payment"), apps.get_model("orders", "PaymentShare")
    shares = PaymentShare.objects.filter(payment=OuterRef("pk")).order_by().values("payment")
    refunded = Coalesce(Subquery(shares.annotate(sum=Sum("refunded")).values("sum")), 0)
    for batch in batches(Payment.objects.all()):
        Payment.objects.filter(pk__in=[row.pk for row in batch]).update(refunded=refunded)
    waiting = PaymentShare.objects.filter(is_extra=True, received=0, amount__gt=0).exclude(order__status__in=CLOSED)
    for batch in batches(waiting.select_related("payment", "order")):
        for share in batch:
            share.order.payment_status = share.payment.state
            share.order.save(update_fields=["payment_status"])


def link_refunds(apps, schema_editor):
    """Each refund knows what was posted with it: of one payment and order those of one amount are alike."""
    Refund, Posting = apps.get_model("orders", "Refund"), apps.get_model("orders", "Posting")
    for batch in batches(Refund.objects.filter(order__isnull=False)):
        orders = {row.order_id for row in batch}
        gave = Posting.objects.filter(order__in=orders, kind="refund", share__isnull=False).select_related("share")
        gave = gave.filter(entries__account__kind="clearing").annotate(came=Sum("entries__amount")).order_by("pk")
        linked = set(Refund.objects.filter(posting__order__in=orders).values_list("posting", flat=True))
        free = defaultdict(list)
        for posting in gave:
            if posting.pk not in linked:
                free[posting.order_id, posting.share.payment_id, -posting.came].append(posting)
        found = []
        for row in batch:
            if fitting := free[row.order_id, row.payment_id, row.amount]:
                row.posting = fitting.pop(0)
                found.append(row)
        write_numbers(Refund, found, "posting_id")


def unlink_refunds(apps, schema_editor):
    Refund = apps.get_model("orders", "Refund")
    for batch in batches(Refund.objects.filter(posting__isnull=False)):
        Refund.objects.filter(pk__in=[row.pk for row in batch]).update(posting=None)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0010_share_columns")]

    operations = [
        migrations.RunPython(split_cash, migrations.RunPython.noop),
        migrations.RunPython(fill_orders, sum_payments),
        migrations.RunPython(fill_disputes, merge_cash),
        migrations.RunPython(mark_divided, migrations.RunPython.noop),
        migrations.RunPython(link_refunds, unlink_refunds),
    ]
