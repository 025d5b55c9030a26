"""How Django itself writes a moment on the back-office's pages: in UTC, and it says so."""

from ordersite.backoffice.moments import SHAPE

DATETIME_FORMAT = f"{SHAPE} T"
