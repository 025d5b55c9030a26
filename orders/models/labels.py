"""This instance's own names for statuses (docs/requirements.md, row 31)."""

from django.db import models

from orders.lifecycle.table import Status
from ordersite.core.audit import Audited


class StatusLabel(Audited):
    """A name that staff give to a status; several may stand on one core status."""

    name = models.CharField(max_length=60, unique=True)
    core_status = models.PositiveSmallIntegerField(choices=[(s.value, s.label) for s in Status])
    message = models.CharField(max_length=300, blank=True, help_text="Mailed to the customer when the label is set.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(core_status__gte=0, core_status__lte=25), name="label_status_exists"
            )
        ]

    def __str__(self) -> str:
        return self.name
