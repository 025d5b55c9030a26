"""Paths under /api/v1."""

from django.urls import path

from ordersite.web import urls as converters
from tracking.feed.api import VendorEventsView

__all__ = ["converters", "urlpatterns"]

urlpatterns = [path("vendors/<id:vendor_id>/events", VendorEventsView.as_view())]
