"""How a vendor's kitchen is arranged: its late thresholds and its stations."""

from collections.abc import Mapping

from vendors.models import FULFILMENTS, LateThreshold, Vendor

# Minutes before an order is to be ready, and after, at which its ticket changes its colour; by delivery type.
Thresholds = Mapping[str, tuple[int, int]]
SOON_MINUTES, LATE_MINUTES = 5, 0


def thresholds_of(vendor: Vendor) -> Thresholds:
    """The vendor's thresholds for each delivery type (digital goods too), where it has set none the usual ones."""
    found = dict.fromkeys((*FULFILMENTS, "digital"), (SOON_MINUTES, LATE_MINUTES))
    rows = LateThreshold.objects.filter(vendor=vendor).values_list("fulfilment", "soon_minutes", "late_minutes")
    return {**found, **{name: (soon, late) for name, soon, late in rows}}
