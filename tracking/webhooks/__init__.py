"""Sends what services.outgoing has written: bodies, signatures, calls, and the threads that make them."""
