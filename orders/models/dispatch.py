"""Whom an order was offered to, to deliver it, and what became of each offer."""

from django.db import models

from orders.models.orders import Order
from orders.models.parties import party_of_company, party_of_driver
from vendors.models import Company, Driver


class DriverOffer(models.Model):
    """One offer of an order in search to a driver, or to a company; the order's lock guards its offers too."""

    class Outcome(models.TextChoices):
        OPEN = "open", "waits for an answer"
        ACCEPTED = "accepted", "accepted"
        DECLINED = "declined", "declined"
        LAPSED = "lapsed", "no answer in time"
        WITHDRAWN = "withdrawn", "the search ended before the answer"

    # Without an index of its own: the unique columns begin with it.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="driver_offers", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    round = models.PositiveIntegerField(help_text="In which round of asking; nobody is asked twice in one.")
    offered_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When it ended, by an answer or without one.")
    # Until when the same driver or company is not asked for the order again.
    skip_until = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome, default=Outcome.OPEN)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(driver__isnull=True, company__isnull=False)
                | models.Q(driver__isnull=False, company__isnull=True),
                name="offer_is_to_one",
            ),
            models.UniqueConstraint(fields=["order", "round", "driver"], name="driver_asked_once_a_round"),
            models.UniqueConstraint(fields=["order", "round", "company"], name="company_asked_once_a_round"),
        ]
        indexes = [
            models.Index(fields=["driver", "order"], condition=models.Q(outcome="open"), name="offer_open_of_driver"),
            models.Index(fields=["company", "order"], condition=models.Q(outcome="open"), name="offer_open_of_company"),
            models.Index(
                fields=["driver", "skip_until"],
                condition=models.Q(skip_until__isnull=False),
                name="offer_skipped_by_driver",
            ),
            models.Index(
                fields=["company", "skip_until"],
                condition=models.Q(skip_until__isnull=False),
                name="offer_skipped_by_company",
            ),
            models.Index(fields=["answered_at"], condition=models.Q(answered_at__isnull=False), name="offer_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.round} to {self.party}"

    @property
    def party(self) -> str:
        """Whom it is to, as its stream in the feed is named."""
        if self.driver_id is not None:
            return party_of_driver(self.driver_id)
        assert self.company_id is not None, "an offer is to one"
        return party_of_company(self.company_id)
