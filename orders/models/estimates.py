"""What past orders took, for the estimates of those that are open (orders.estimates)."""

from django.db import models


class LearntTimes(models.Model):
    """What is known of the site ("site") or of one vendor ("vendor:5"), by kind, way and stage; of bounded size.

    Only services.moving.learning writes it. The site's row also says how far the events were learnt from.
    """

    name = models.CharField(max_length=40, primary_key=True)
    times = models.JSONField(default=dict)
    last_event = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name_plural = "learnt times"

    def __str__(self) -> str:
        return self.name
