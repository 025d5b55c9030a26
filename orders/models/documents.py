"""What was issued for an order: its invoice, and a credit note for what was given back since."""

from typing import Any

from django.db import models
from django.utils import timezone

from orders.models.money import Refund
from orders.models.orders import Order
from vendors.models import Merchant


class DocumentIssued(Exception):
    """A document that was issued is neither changed nor deleted: what is wrong with it another one puts right."""


class IssuedDocuments(models.QuerySet["IssuedDocument"]):
    """Rows that are only added."""

    def update(self, **values: Any) -> int:
        raise DocumentIssued

    def delete(self) -> tuple[int, dict[str, int]]:
        raise DocumentIssued


class IssuedRow(models.Model):
    """A row that is only added."""

    objects = IssuedDocuments.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise DocumentIssued
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise DocumentIssued


class IssuedDocument(IssuedRow):
    """An invoice or credit note, as it was when it was issued; only services.money.documents adds one.

    Its number is one of its seller's and year's, which have no gap: it is drawn in the transaction that adds the row.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", "invoice"
        CREDIT_NOTE = "credit_note", "credit note"

    kind = models.CharField(max_length=11, choices=Kind)
    # Without an index of its own: the unique number begins with it.
    seller = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="documents", db_index=False)
    year = models.PositiveSmallIntegerField(help_text="By the vendor's clock.")
    number = models.PositiveIntegerField(help_text="Of the seller and year; the first is 1.")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="documents")
    # Empty: an invoice, or the credit note for what was given back before there was one.
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_note")
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField(help_text="Minor units; of a credit note what is credited.")
    content = models.JSONField(help_text="Who sold what to whom, with the tax by rate, as it is printed.")
    issued_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["seller", "year", "number"], name="document_number_once"),
            models.UniqueConstraint(fields=["order"], condition=models.Q(kind="invoice"), name="invoice_once_an_order"),
        ]
        # The back-office lists the newest of all, of a seller, of a kind; a number is looked for whoever's it is.
        indexes = [
            models.Index(fields=["-issued_at", "-id"], name="document_newest"),
            models.Index(fields=["seller", "-issued_at", "-id"], name="document_of_seller"),
            models.Index(fields=["kind", "-issued_at", "-id"], name="document_of_kind"),
            models.Index(fields=["year", "number"], name="document_of_number"),
        ]

    def __str__(self) -> str:
        return self.called

    @property
    def called(self) -> str:
        """2026-000012: its number as it is printed."""
        return f"{self.year}-{self.number:06}"
