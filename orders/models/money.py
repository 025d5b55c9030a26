"""Payments, and the double entry that every amount passes through."""

from django.db import models
from django.utils import timezone

from orders.models.orders import Order, PaymentStatus
from orders.models.purchases import Purchase
from ordersite.accounts.models import Customer
from vendors.models import Driver, Vendor


class Payment(models.Model):
    """One way in which a purchase is paid."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=20)
    state = models.CharField(max_length=16, choices=PaymentStatus, default=PaymentStatus.UNPAID)
    amount = models.BigIntegerField(help_text="Minor units.")
    refunded = models.BigIntegerField(default=0)
    reference = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(refunded__gte=0, refunded__lte=models.F("amount")), name="refund_within_payment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.state}"

    @property
    def currency(self) -> str:
        return self.purchase.currency


class PaymentShare(models.Model):
    """The part of a payment that pays for one order."""

    # Without an index of its own: the unique pair begins with it.
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="shares", db_index=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shares")
    amount = models.BigIntegerField(help_text="Minor units.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payment", "order"], name="share_once_an_order")]

    def __str__(self) -> str:
        return f"{self.amount} of {self.payment_id}"


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

    # Kind, owner and currency in one, such as "wallet:5:EUR": unique, and the order in which accounts are locked.
    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    currency = models.CharField(max_length=3)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    balance = models.BigIntegerField(null=True, blank=True, help_text="Minor units; of wallets only.")

    class Meta:
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
        REFUND = "refund", "refund"
        SETTLEMENT = "settlement", "settlement"
        REVERSAL = "reversal", "settlement taken back"

    kind = models.CharField(max_length=10, choices=Kind)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="postings")
    actor = models.CharField(max_length=60)
    text = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="posting_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Entry(models.Model):
    """One side of a posting: what an account gained (or lost, below zero), in minor units. Never changed."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="entries")
    # Without an index of its own: that of an account's newest entries begins with it.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries", db_index=False)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField(null=True, blank=True, help_text="Of a wallet.")

    class Meta:
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["account", "-id"], name="entry_of_account")]

    def __str__(self) -> str:
        return str(self.amount)

    @property
    def currency(self) -> str:
        return self.account.currency
