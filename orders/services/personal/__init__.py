"""Personal data of customers: where it is, erasing it, and what is erased by itself after a time."""
