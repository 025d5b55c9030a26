"""Sentences for what these refuse: vendors.services."""

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {}
