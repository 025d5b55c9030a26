"""Where a vendor's feed stands, read with the vendor: before any row, so that no event is missed after it."""

from typing import Any

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from orders.models import Counter, FeedEpoch
from orders.services.record.epochs import current_epoch
from vendors.models import Vendor


def with_feed_head(vendors: QuerySet[Vendor]) -> QuerySet[Any]:
    """Reads with each vendor the position and the epoch of its feed."""
    position = Counter.objects.filter(name=Concat(Value("stream:vendor:"), Cast(OuterRef("pk"), CharField())))
    epoch = FeedEpoch.objects.order_by("-number").values("epoch")[:1]
    return vendors.annotate(position=Subquery(position.values("value")), epoch=Subquery(epoch))


def feed_headers(vendor: Vendor) -> dict[str, str]:
    """The headers that tell where the feed of a vendor stood when it was read so."""
    read = vars(vendor)
    return {"Feed-Position": str(read["position"] or 0), "Feed-Epoch": read["epoch"] or current_epoch()}
