"""How Django itself writes a moment and a day in English: a moment of the back-office in UTC, and it says so."""

from ordersite.backoffice.moments import SHAPE

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = f"{SHAPE} T"
