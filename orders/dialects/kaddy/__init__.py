"""Kaddy Cloud's orders (rows 40–52 and 73): the queue that a till pulls, a tenant at a time."""

from orders.dialects.kaddy.views import DIALECT

__all__ = ["DIALECT"]
