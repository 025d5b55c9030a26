"""Customers, kitchens and drivers who act by the public API, so that the demo lives."""
