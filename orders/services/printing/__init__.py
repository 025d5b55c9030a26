"""Papers: what is to be printed of an order, and which device prints it (docs/printing.md)."""
