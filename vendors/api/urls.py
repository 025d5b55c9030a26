"""The catalogue's calls, below /api/v1/."""

from django.urls import path

from ordersite.web import urls as converters  # noqa: F401  registers <id:…>
from vendors.api import bookable, devices, kitchen, menu_changes, views

urlpatterns = [
    path("vendors", views.VendorsView.as_view()),
    path("vendors/<id:vendor_id>", views.VendorView.as_view()),
    path("vendors/<id:vendor_id>/menu", views.VendorMenuView.as_view()),
    path("vendors/<id:vendor_id>/services", bookable.VendorServicesView.as_view()),
    path("vendors/<id:vendor_id>/package-types", bookable.VendorPackageTypesView.as_view()),
    path("vendors/<id:vendor_id>/devices", devices.DevicesView.as_view()),
    path("vendors/<id:vendor_id>/devices/<id:device_id>", devices.DeviceView.as_view()),
    path("vendors/<id:vendor_id>/devices/<id:device_id>/code", devices.DeviceCodeView.as_view()),
    path("devices/pair", devices.PairingView.as_view()),
    path("vendors/<id:vendor_id>/stations", kitchen.StationsView.as_view()),
    path("vendors/<id:vendor_id>/stations/<id:station_id>", kitchen.StationView.as_view()),
    path("vendors/<id:vendor_id>/products/<id:product_id>/out-of-stock", kitchen.ProductStockView.as_view()),
    path("vendors/<id:vendor_id>/options/<id:option_id>/out-of-stock", kitchen.OptionStockView.as_view()),
    path("vendors/<id:vendor_id>/products", menu_changes.MenuProductsView.as_view()),
    path("vendors/<id:vendor_id>/products/<id:product_id>", menu_changes.MenuProductView.as_view()),
    path("vendors/<id:vendor_id>/categories", menu_changes.CategoriesView.as_view()),
    path("vendors/<id:vendor_id>/categories/<id:category_id>", menu_changes.CategoryView.as_view()),
    path("vendors/<id:vendor_id>/option-groups", menu_changes.OptionGroupsView.as_view()),
    path("vendors/<id:vendor_id>/option-groups/<id:group_id>", menu_changes.OptionGroupView.as_view()),
    path("vendors/<id:vendor_id>/option-groups/<id:group_id>/options", menu_changes.GroupOptionsView.as_view()),
    path("vendors/<id:vendor_id>/options/<id:option_id>", menu_changes.MenuOptionView.as_view()),
    path("vendors/<id:vendor_id>/hours", menu_changes.HoursView.as_view()),
    path("vendor-types", views.VendorTypesView.as_view()),
]
