"""The ledger, and the amounts that orders move in it."""
