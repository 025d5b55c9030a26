"""Changes of an order that leave its status."""
