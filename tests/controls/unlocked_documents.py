"""Controls of documents' numbers: the highest is read and the next one taken, or one is drawn for good before."""

from django.db.models import Max

from orders.models import DayReport, IssuedDocument
from orders.services.record.events import draw_numbers
from tests.controls.meeting import meet
from tests.promises.crowd import beside


def number_after_the_highest(names: list[str]) -> dict[str, list[int]]:
    """In the place of draw_numbers in orders.services.money.documents."""
    highest = IssuedDocument.objects.aggregate(most=Max("number"))["most"] or 0
    meet()
    return {name: [highest + 1] for name in names}


def day_after_the_highest(names: list[str]) -> dict[str, list[int]]:
    """In the place of draw_numbers in orders.services.money.day_reports: nobody waits for who closes as well."""
    highest = DayReport.objects.aggregate(most=Max("number"))["most"] or 0
    return {name: [highest + 1] for name in names}


def draw_for_good(names: list[str]) -> dict[str, list[int]]:
    """In its place too: as a sequence of the database draws, which no roll-back takes back."""
    return beside(lambda: draw_numbers(names)).result()
