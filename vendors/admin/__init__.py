"""The back-office's pages of merchants, vendors, drivers, menus and services."""

from vendors.admin.bookable import PackageTypeAdmin, ServiceAdmin
from vendors.admin.devices import DeviceAdmin
from vendors.admin.fleet import CompanyAdmin, DriverAdmin
from vendors.admin.menus import CategoryAdmin, OptionAdmin, OptionGroupAdmin, ProductAdmin
from vendors.admin.merchants import MerchantAdmin, VendorAdmin, VendorTypeAdmin

__all__ = [
    "CategoryAdmin",
    "CompanyAdmin",
    "DeviceAdmin",
    "DriverAdmin",
    "MerchantAdmin",
    "OptionAdmin",
    "OptionGroupAdmin",
    "PackageTypeAdmin",
    "ProductAdmin",
    "ServiceAdmin",
    "VendorAdmin",
    "VendorTypeAdmin",
]
