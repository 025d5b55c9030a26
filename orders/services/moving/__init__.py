"""Changes of an order's status, by people and by timers, and what they bring about."""
