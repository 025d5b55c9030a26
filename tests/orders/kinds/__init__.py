"""What tests of packages and services share: a service and a package type of the cast's vendor, and carts of them."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from tests.cast import Cast
from tests.orders.shopping import FAR, NEAR
from vendors.models import PackageType, Service, ServiceHours, Vendor

RECIPIENT = {"recipient_name": "Rita Recipient", "recipient_phone": "+32470123457"}


def make_service(vendor: Vendor, *hours: tuple[int, str, str], **fields: Any) -> Service:
    """A hair cut of an hour for 40.00, taxed 21 %, once at a time; the hours are weekday, from, to."""
    service = Service.objects.create(
        **{
            "vendor": vendor,
            "name": "Hair cut",
            "price": 4000,
            "tax_rate": 2100,
            "duration_minutes": 60,
            "capacity": 1,
            **fields,
        }
    )
    ServiceHours.objects.bulk_create(
        ServiceHours(service=service, weekday=day, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))
        for day, opens, closes in hours
    )
    return service


def make_package_type(vendor: Vendor, **fields: Any) -> PackageType:
    """A box for 3.00, 0.50 a kilometre and 0.20 a kilogram, of at most 10 kg, 600 mm and 50 km."""
    return PackageType.objects.create(
        **{
            "vendor": vendor,
            "name": "Box",
            "price": 300,
            "per_km": 50,
            "per_kg": 20,
            "tax_rate": 2100,
            "max_weight": 10_000,
            "max_side": 600,
            "max_distance": 50_000,
            **fields,
        }
    )


def package(of: PackageType, **fields: Any) -> dict[str, Any]:
    """The box from near the vendor to Antwerp, 38.9 km away; a field that is None is left out."""
    body = {
        "package_type": of.pk,
        "pickup": {"address": "Naamsestraat 1", "address_notes": "Second bell", "location": NEAR},
        "dropoff": {"address": "Meir 1", "location": FAR},
        "weight": 2001,
        "width": 300,
        "length": 400,
        "height": 200,
        **RECIPIENT,
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def package_cart(package_type: PackageType, **fields: Any) -> dict[str, Any]:
    """The package, paid in cash."""
    return {
        "vendor": package_type.vendor_id,
        "package": package(package_type, **fields.pop("package", {})),
        "payment_method": "cash",
        **fields,
    }


def tomorrow(cast: Cast, text: str = "10:00") -> datetime:
    """A time of tomorrow on the vendor's clock."""
    zone = cast.vendor.zone
    day = timezone.now().astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time.fromisoformat(text), tzinfo=zone)


def service_cart(service: Service, at: datetime, place: str = "vendor", **fields: Any) -> dict[str, Any]:
    """The service for then, paid in cash; at the customer's it is near the vendor."""
    where = {"address": "Naamsestraat 1", "location": NEAR} if place == "customer" else {}
    body = {
        "vendor": service.vendor_id,
        "service": {"service": service.pk, "at": at.isoformat(), "place": place},
        "payment_method": "cash",
        **where,
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}
