"""Sentences for what these refuse: orders.pricing, orders.destinations, orders.services.placing."""

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {}
