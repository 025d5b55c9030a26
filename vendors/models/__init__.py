"""The vendors' tables, a file a noun."""

from vendors.models.bookable import PackageType, Service, ServiceHours
from vendors.models.devices import Device
from vendors.models.hours import DeliveryZone, OpeningHours
from vendors.models.kitchen import LateThreshold, Station
from vendors.models.menu import (
    MOST_STOCK,
    Category,
    Charged,
    Extra,
    Ingredient,
    MenuUpload,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Stock,
)
from vendors.models.merchants import (
    FULFILMENTS,
    Company,
    Dispatcher,
    Driver,
    Member,
    Merchant,
    Vendor,
    VendorType,
)
from vendors.models.offers import Offer
from vendors.models.people import Invitation

__all__ = [
    "FULFILMENTS",
    "MOST_STOCK",
    "Category",
    "Charged",
    "Company",
    "DeliveryZone",
    "Device",
    "Dispatcher",
    "Driver",
    "Extra",
    "Ingredient",
    "MenuUpload",
    "Invitation",
    "LateThreshold",
    "Member",
    "Merchant",
    "Offer",
    "OpeningHours",
    "Option",
    "OptionGroup",
    "PackageType",
    "Product",
    "ProductOptionGroup",
    "Service",
    "ServiceHours",
    "Station",
    "Stock",
    "Vendor",
    "VendorType",
]
