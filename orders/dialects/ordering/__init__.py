"""Ordering's Orders Model: numbers for everything, levels, `where`, and an envelope around each answer."""

from django.urls import path

from orders.dialects.ordering.views import OrdersView, OrderView
from orders.dialects.ordering.words import DIALECT

__all__ = ["DIALECT", "urlpatterns"]

urlpatterns = [
    path("orders", OrdersView.as_view()),
    path("orders/<id:order_id>", OrderView.as_view()),
]
