"""Ordering's Orders Model: numbers for everything, levels, `where`, and an envelope around each answer."""

from orders.dialects.ordering.dialect import DIALECT

__all__ = ["DIALECT"]
