"""The back-office's pages of merchants, vendors, drivers and menus."""

from vendors.admin.fleet import CompanyAdmin, DriverAdmin
from vendors.admin.menus import CategoryAdmin, OptionGroupAdmin, ProductAdmin
from vendors.admin.merchants import MerchantAdmin, VendorAdmin, VendorTypeAdmin

__all__ = [
    "CategoryAdmin",
    "CompanyAdmin",
    "DriverAdmin",
    "MerchantAdmin",
    "OptionGroupAdmin",
    "ProductAdmin",
    "VendorAdmin",
    "VendorTypeAdmin",
]
