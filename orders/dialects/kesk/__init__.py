"""Kesk's orders (rows 1–10, 24–28, 55, 58–60): products, packages and services in one call."""

from orders.dialects.kesk.dialect import DIALECT

__all__ = ["DIALECT"]
