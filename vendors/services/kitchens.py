"""How a vendor's kitchen is arranged: its late thresholds and its stations."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from django.db.models import Prefetch, QuerySet

from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from vendors.models import FULFILMENTS, Category, LateThreshold, Product, Station, Vendor
from vendors.permissions import manages_vendor
from vendors.services.sorting import stand_last
from vendors.services.vendors import hold_vendor

# Minutes before an order is to be ready, and after, at which its ticket changes its colour; by delivery type.
Thresholds = Mapping[str, tuple[int, int]]
SOON_MINUTES, LATE_MINUTES = 5, 0


def thresholds_of(vendor: Vendor) -> Thresholds:
    """The vendor's thresholds for each delivery type (digital goods too), where it has set none the usual ones."""
    found = dict.fromkeys((*FULFILMENTS, "digital"), (SOON_MINUTES, LATE_MINUTES))
    rows = LateThreshold.objects.filter(vendor=vendor).values_list("fulfilment", "soon_minutes", "late_minutes")
    return {**found, **{name: (soon, late) for name, soon, late in rows}}


# --- stations -----------------------------------------------------------------------------------------------------

MOST_STATIONS = 30


class StationChanges(TypedDict, total=False):
    """What a station is called, where it stands, and what it makes; what is absent stays as it is."""

    name: str
    position: int
    categories: Sequence[int]
    products: Sequence[int]


def stations_of(vendor: Vendor) -> QuerySet[Station]:
    """The vendor's stations with the categories and products that are theirs; three statements."""
    products = Prefetch("products", queryset=Product.objects.only("station"))
    return Station.objects.filter(vendor=vendor).prefetch_related("categories", products)


def create_station(*, vendor: Vendor, caller: Caller, **given: Unpack[StationChanges]) -> Station:
    """Adds a station; raises as `change_station`, and Conflict beyond MOST_STATIONS. Must run in a transaction."""
    lock_kitchen(vendor, caller)
    if Station.objects.filter(vendor=vendor).count() >= MOST_STATIONS:
        raise Conflict(FaultCode.TOO_MANY_STATIONS, most=MOST_STATIONS)
    station = Station(vendor=vendor)
    stand_last([station], "vendor_id")
    return write_station(station, given)


def change_station(*, vendor: Vendor, caller: Caller, station_id: int, **given: Unpack[StationChanges]) -> Station:
    """Changes a station; a category or product that is given to it leaves the one that it belonged to.

    Must run in a transaction. Raises Forbidden, NotFound, and Invalid for a name that is taken and for what is not the
    vendor's.
    """
    lock_kitchen(vendor, caller)
    return write_station(find_station(vendor, station_id), given)


def delete_station(*, vendor: Vendor, caller: Caller, station_id: int) -> None:
    """Deletes a station: what it made belongs to all of them then. Must run in a transaction."""
    lock_kitchen(vendor, caller)
    find_station(vendor, station_id).delete()


def lock_kitchen(vendor: Vendor, caller: Caller) -> None:
    """One arranges a vendor's kitchen at a time; raises Forbidden for who may not."""
    if not manages_vendor(caller, vendor):
        raise Forbidden(FaultCode.NOT_A_MANAGER)
    hold_vendor(vendor.pk)


def find_station(vendor: Vendor, station_id: int) -> Station:
    station = Station.objects.filter(vendor=vendor, pk=station_id).first()
    if station is None:
        raise NotFound()
    return station


def write_station(station: Station, given: StationChanges) -> Station:
    """Writes what is given; everything is checked before anything is written."""
    name = given.get("name", station.name)
    if Station.objects.filter(vendor=station.vendor_id, name=name).exclude(pk=station.pk).exists():
        raise Invalid(FaultCode.TAKEN_STATION, Field.NAME)
    categories = Category.objects.filter(vendor=station.vendor_id)
    products = Product.objects.filter(vendor=station.vendor_id)
    check_ids(categories, given.get("categories", ()), FaultCode.UNKNOWN_CATEGORY, Field.CATEGORIES)
    check_ids(products, given.get("products", ()), FaultCode.UNKNOWN_PRODUCTS, Field.PRODUCTS)
    station.name, station.position = name, given.get("position", station.position)
    station.save()
    for rows, ids in ((categories, given.get("categories")), (products, given.get("products"))):
        if ids is not None:
            rows.filter(station=station).exclude(pk__in=ids).update(station=None)
            rows.filter(pk__in=ids).update(station=station)
    return station


def check_ids(rows: QuerySet[Any], ids: Sequence[int], code: FaultCode, field: Field) -> None:
    """Raises Invalid where a row with one of these ids is not the vendor's."""
    missing = set(ids).difference(rows.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    if missing:
        raise Invalid(code, field, ids=sorted(missing))
