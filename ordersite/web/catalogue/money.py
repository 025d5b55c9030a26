"""Sentences for what these refuse: orders.services.money."""

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {}
