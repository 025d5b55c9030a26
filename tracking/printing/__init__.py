"""Printers that ask for their tickets by themselves."""
