"""The catalogue's calls, below /api/v1/."""

from django.urls import path

from ordersite.web import urls as converters  # noqa: F401  registers <id:…>
from vendors.api import bookable, devices, kitchen, views

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
    path("vendor-types", views.VendorTypesView.as_view()),
]
