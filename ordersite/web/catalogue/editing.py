"""Sentences for what these refuse: orders.services.editing and repricing."""

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {}
