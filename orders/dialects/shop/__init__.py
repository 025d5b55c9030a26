"""A shop platform's /System/Orders (rows 11, 29–31, 56 and 63–72)."""

from orders.dialects.shop.words import DIALECT

__all__ = ["DIALECT"]
