"""The vendors' tables, a file a noun."""

from vendors.models.hours import DeliveryZone, OpeningHours
from vendors.models.menu import Category, Extra, Ingredient, Option, OptionGroup, Product, ProductOptionGroup, Stock
from vendors.models.merchants import (
    FULFILMENTS,
    PAYMENT_METHODS,
    Company,
    Dispatcher,
    Driver,
    Member,
    Merchant,
    Vendor,
    VendorType,
)

__all__ = [
    "FULFILMENTS",
    "PAYMENT_METHODS",
    "Category",
    "Company",
    "DeliveryZone",
    "Dispatcher",
    "Driver",
    "Extra",
    "Ingredient",
    "Member",
    "Merchant",
    "OpeningHours",
    "Option",
    "OptionGroup",
    "Product",
    "ProductOptionGroup",
    "Stock",
    "Vendor",
    "VendorType",
]
