"""Sentences for what these refuse: orders.services.capacity."""

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {}
