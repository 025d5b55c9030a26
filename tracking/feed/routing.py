"""The paths of the sockets."""

from channels.routing import URLRouter
from django.urls import path, re_path

from ordersite.web import urls as converters
from tracking.feed.consumers import CompanyConsumer, DriverConsumer, NobodyConsumer, OrderConsumer, VendorConsumer

__all__ = ["application", "converters"]

application = URLRouter(
    [
        path("ws/vendors/<id:vendor_id>", VendorConsumer.as_asgi()),
        path("ws/drivers/me", DriverConsumer.as_asgi()),
        path("ws/companies/me", CompanyConsumer.as_asgi()),
        path("ws/orders/<str:tracking_code>", OrderConsumer.as_asgi()),
        re_path(r"", NobodyConsumer.as_asgi()),
    ]
)
