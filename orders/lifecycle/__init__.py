"""The life cycle of an order: its table, what must hold for a change, what is decided, and when. No database here."""
