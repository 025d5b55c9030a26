"""Sentences for what these refuse: orders.services.record."""

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {}
