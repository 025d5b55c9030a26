"""Sentences for what these refuse: orders.services.paying."""

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {}
