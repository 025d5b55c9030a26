"""Payments, refunds, and the double entry that every amount passes through."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from orders.models.orders import Order, PaymentStatus
from orders.models.purchases import Purchase
from ordersite.accounts.models import Customer
from ordersite.core.crypto import new_token
from ordersite.core.money import with_currency
from ordersite.core.storage import PrivateStorage
from vendors.models import Driver, Vendor


class SavedMethod(models.Model):
    """A card or account that a customer lets us charge again; the provider keeps it, we keep its names for it."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="saved_methods", db_index=False)
    provider = models.CharField(max_length=20)
    provider_customer = models.CharField(max_length=60)
    mandate = models.CharField(max_length=60)
    label = models.CharField(max_length=80, help_text="Such as Mastercard •••• 6787.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "provider", "mandate"], name="saved_method_once_a_customer")
        ]

    def __str__(self) -> str:
        return self.label


class Payment(models.Model):
    """One way in which a purchase is paid; without a purchase, what tops a customer's wallet up."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, null=True, blank=True, related_name="payments")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="top_ups", help_text="Of a top-up."
    )
    currency = models.CharField(max_length=3)
    provider = models.CharField(max_length=20)
    state = models.CharField(max_length=16, choices=PaymentStatus, default=PaymentStatus.UNPAID)
    amount = models.BigIntegerField(help_text="Minor units.")
    # Of a transfer: it goes to the vendor's own account, so that the vendor says whether it came in.
    to_vendor = models.BooleanField(default=False)
    # What came in instead of the amount, until staff have said where it goes (services.paying.disputes).
    disputed_amount = models.BigIntegerField(null=True, blank=True, help_text="Minor units.")
    disputed_currency = models.CharField(max_length=3, blank=True)
    # The page at which it is paid is found by this.
    token = models.CharField(max_length=40, unique=True, default=new_token)
    reference = models.CharField(max_length=100, blank=True, help_text="The provider's.")
    method = models.CharField(max_length=30, blank=True, help_text="How it was paid there, such as bancontact.")
    redirect_url = models.URLField(max_length=500, blank=True, help_text="The provider's page.")
    # How often it was begun at the provider: after a failed try it may be paid once more.
    attempt = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Not paid by then: cancelled.")
    # When the worker asks the provider (or, with a saved method, charges it) next.
    due_at = models.DateTimeField(null=True, blank=True)
    saves_method = models.BooleanField(default=False, help_text="The customer wants to pay in the same way again.")
    saved_method = models.ForeignKey(
        SavedMethod, on_delete=models.SET_NULL, null=True, blank=True, related_name="payments"
    )
    # Why it failed, or why staff refused its proof.
    failure = models.CharField(max_length=300, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(purchase__isnull=False, customer__isnull=True)
                | models.Q(purchase__isnull=True, customer__isnull=False),
                name="payment_of_a_purchase_or_a_top_up",
            ),
            models.UniqueConstraint(
                fields=["provider", "reference"], condition=~models.Q(reference=""), name="payment_reference_once"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="payment_due"),
            models.Index(fields=["-created_at", "-id"], name="payment_newest"),
            models.Index(fields=["id"], condition=models.Q(state=PaymentStatus.PROOF_PENDING), name="payment_to_check"),
            models.Index(fields=["id"], condition=models.Q(disputed_amount__isnull=False), name="payment_disputed"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}, {self.get_state_display()}"

    @property
    def is_received(self) -> bool:
        """Whether it came in, whatever of it was given back since."""
        return PaymentStatus(self.state).is_received

    @property
    def is_disputed(self) -> bool:
        """Whether another amount came in than was asked for, and staff have not said yet where it goes."""
        return self.disputed_amount is not None

    @property
    def is_authorised(self) -> bool:
        """Whether its provider holds the money for us, to be taken when that is due."""
        return self.state == PaymentStatus.AUTHORISED

    @property
    def is_under_way(self) -> bool:
        """Whether its provider was told of it and has not said yet what became of it: the amount there stands."""
        return bool(self.reference) and self.state == PaymentStatus.UNPAID

    @property
    def may_be_here(self) -> bool:
        """Whether its money may have come in already: it stays with its order until somebody has said so or not."""
        return self.is_under_way or self.is_disputed or self.state == PaymentStatus.PROOF_PENDING

    @property
    def refunded(self) -> int:
        """What was given back of all its shares, minor units; reads them unless they are at hand."""
        return sum(share.refunded for share in self.shares.all())


# Nobody but staff can say what came in: photos wait to be looked at, or another amount came than was asked for.
WAITS_FOR_STAFF = models.Q(state=PaymentStatus.PROOF_PENDING) | models.Q(disputed_amount__isnull=False)


class PaymentShare(models.Model):
    """The part of a payment that pays for one order. What came in and went back is asked of it, never of the payment.

    `received` and `refunded` are the sums of its postings, as a wallet's balance is: ledger.move_held writes
    them with each posting (placing with the row itself), nobody else, and `manage.py check_ledger` proves them.
    """

    # Without an index of its own: the unique pair begins with it.
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="shares", db_index=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shares")
    amount = models.BigIntegerField(help_text="Minor units.")
    tip = models.BigIntegerField(default=0, help_text="The part of the amount that is the driver's tip.")
    received = models.BigIntegerField(default=0, help_text="What came in.")
    refunded = models.BigIntegerField(default=0, help_text="What went back.")
    is_extra = models.BooleanField(
        default=False, help_text="A rise of what was paid already: while it is not paid it holds nothing up."
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["order"],
                condition=models.Q(is_extra=True, received__lt=models.F("amount")),
                name="share_rise_owed",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["payment", "order"], name="share_once_an_order"),
            models.CheckConstraint(
                condition=models.Q(
                    refunded__gte=0, refunded__lte=models.F("received"), received__lte=models.F("amount")
                ),
                name="share_refunded_within_received",
            ),
            models.CheckConstraint(
                condition=models.Q(tip__gte=0, tip__lte=models.F("amount")), name="tip_within_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.payment_id}"

    @property
    def currency(self) -> str:
        return self.payment.currency

    @property
    def kept(self) -> int:
        """What came in and was not given back, minor units."""
        return self.received - self.refunded

    @property
    def owed(self) -> int:
        """What is still to come in, minor units."""
        return self.amount - self.received

    @property
    def state(self) -> PaymentStatus:
        """How this part of the payment stands: of a purchase paid in cash each order's part comes in by itself."""
        if self.received:
            return paid_state(kept=self.kept, refunded=self.refunded)
        state = PaymentStatus(self.payment.state)
        return PaymentStatus.UNPAID if state.is_received and self.amount else state


def paid_state(*, kept: int, refunded: int) -> PaymentStatus:
    """The state of what came in, by what of it is kept and what was given back."""
    if refunded == 0:
        return PaymentStatus.PAID
    return PaymentStatus.PARTLY_REFUNDED if kept else PaymentStatus.REFUNDED


def proof_path(proof: "PaymentProof", name: str) -> str:
    """A random name, in a folder of its day: strays are looked for there (services.record.photos)."""
    return f"proofs/{proof.uploaded_at:%Y/%m/%d}/{uuid.uuid4()}.jpg"


class PaymentProof(models.Model):
    """A photo that shows that something was paid (docs/requirements.md, row 2), to be checked by staff."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="proofs")
    photo = models.ImageField(upload_to=proof_path, storage=PrivateStorage(), unique=True)
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "payments to check"
        indexes = [models.Index(fields=["uploaded_at"], name="payment_proof_age")]

    def __str__(self) -> str:
        return f"proof {self.pk}"


class Refund(models.Model):
    """Money that goes back to whoever paid; what a provider must be told waits here until it has been."""

    class State(models.TextChoices):
        PENDING = "pending", "to be sent"
        SENT = "sent", "on its way"
        DONE = "done", "done"
        FAILED = "failed", "failed: needs staff"
        BY_HAND = "by_hand", "to be given by hand"
        TAKEN_BACK = "taken_back", "taken back"

    class To(models.TextChoices):
        SOURCE = "source", "to where it came from"
        WALLET = "wallet", "to the customer's wallet"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds")
    amount = models.BigIntegerField(help_text="Minor units.")
    to = models.CharField(max_length=6, choices=To, default=To.SOURCE)
    state = models.CharField(max_length=10, choices=State)
    closing = models.BooleanField(default=False, help_text="By a close without success: its undoing takes it again.")
    reason = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=60)
    # What was posted with it: taken back, the same accounts move the other way.
    posting = models.OneToOneField(
        "Posting", on_delete=models.PROTECT, null=True, blank=True, related_name="refund_row"
    )
    # The key by which the provider knows a repeated call.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=100, blank=True, help_text="The provider's.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_above_zero")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="refund_due"),
            models.Index(fields=["state", "-id"], name="refund_in_state"),
        ]

    def __str__(self) -> str:
        return f"refund {self.pk}"

    @property
    def currency(self) -> str:
        return self.payment.currency


class Account(models.Model):
    """Where money is, in one currency. Only a wallet keeps its balance: the others are sums of their entries."""

    class Kind(models.TextChoices):
        WALLET = "wallet", "a customer's wallet"
        CLEARING = "clearing", "held for orders not yet settled"
        VENDOR = "vendor", "owed to a vendor"
        DRIVER = "driver", "owed to a driver"
        PLATFORM = "platform", "the platform's own"
        CASH = "cash", "cash in a vendor's or driver's hands"
        FUNDING = "funding", "what came in from outside"
        DIFFERENCE = "difference", "cash that was counted too much or too little"

    # Kind, owner and currency in one, such as "wallet:5:EUR": unique, and the order in which accounts are locked.
    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    currency = models.CharField(max_length=3)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    balance = models.BigIntegerField(null=True, blank=True, help_text="Minor units; of wallets only.")

    class Meta:
        permissions = [("top_up_wallet", "Can top up a wallet"), ("pay_out", "Can pay out and take cash in")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="wallet", balance__isnull=False, balance__gte=0, customer__isnull=False)
                | (~models.Q(kind="wallet") & models.Q(balance__isnull=True)),
                name="wallet_never_below_zero",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Posting(models.Model):
    """One movement of money; its entries sum to zero."""

    class Kind(models.TextChoices):
        TOP_UP = "top_up", "top-up"
        PAYMENT = "payment", "payment"
        # Its undoing takes back what was handed over with it, and nothing that was received before.
        CASH = "cash", "cash handed over with the order"
        REFUND = "refund", "refund"
        RETAKE = "retake", "refund taken back"
        SETTLEMENT = "settlement", "settlement"
        REVERSAL = "reversal", "settlement taken back"
        ADJUSTMENT = "adjustment", "settlement corrected"
        PAYOUT = "payout", "paid out"
        HAND_IN = "hand_in", "cash handed in"
        PAYOUT_REVERSAL = "payout_rev", "payout taken back"
        HAND_IN_REVERSAL = "handin_rev", "cash handed in taken back"

    kind = models.CharField(max_length=10, choices=Kind)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="postings")
    # By which part of a payment money came in for the order, or went back.
    share = models.ForeignKey(PaymentShare, on_delete=models.PROTECT, null=True, blank=True, related_name="postings")
    actor = models.CharField(max_length=60)
    text = models.CharField(max_length=200, blank=True)
    # Nothing is taken back twice.
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by", help_text="Takes it back."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="posting_newest"),
            models.Index(fields=["-created_at", "-id"], condition=models.Q(kind="payout"), name="posting_paid_out"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Entry(models.Model):
    """One side of a posting: what an account gained (or lost, below zero), in minor units. Never changed."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="entries")
    # Without an index of its own: that of an account's newest entries begins with it.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries", db_index=False)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField(null=True, blank=True, help_text="Of a wallet.")

    class Meta:
        verbose_name_plural = "entries"
        # With the amount, so that a balance is summed without reading the rows.
        indexes = [models.Index(fields=["account", "-posting", "amount"], name="entry_of_account_by_posting")]

    def __str__(self) -> str:
        return with_currency(self.amount, self.currency)

    @property
    def currency(self) -> str:
        return self.account.currency
