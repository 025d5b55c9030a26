"""One change of many orders at once."""
