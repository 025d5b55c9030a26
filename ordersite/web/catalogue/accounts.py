"""Sentences for what these refuse: ordersite.accounts, ordersite.places, tracking."""

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {}
