"""What pages of the back-office call a row: in words, by no other clock than the page's, and by no key of a table."""

from datetime import date, timedelta

import pytest
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from orders.models import Booking, DayReport, OrderEvent
from ordersite.accounts.models import DeclinedMail, Mail
from tests.cast import Cast
from tests.orders.kinds import make_service
from tests.orders.rows import make_order

pytestmark = pytest.mark.django_db
NO_LOG = "have a change history"


def named_rows(cast: Cast) -> dict[str, models.Model]:
    """A row of each kind that nobody has named, by what its page calls it."""
    order = make_order(cast, payment_status="partly_refunded")
    event = OrderEvent.objects.create(
        order=order, number=9, kind="status", actor="system", role="system", reason_code="changed_mind", reason="Rain"
    )
    report = DayReport.objects.create(
        vendor=cast.vendor,
        number=3,
        day=date(2026, 5, 1),
        since=timezone.now(),
        actor="system",
        currency="EUR",
        expected=0,
        counted=0,
        content={},
    )
    starts = timezone.now() + timedelta(days=1)
    booking = Booking.objects.create(
        order=order,
        service=make_service(cast.vendor),
        service_name="Cut",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        place="vendor",
    )
    mail = Mail.objects.create(kind="order_placed", recipient="ann@example.org", data={"event": event.pk})
    declined = DeclinedMail.objects.create(kind="order_delayed", email="ann@example.org")
    return {
        "cash, partly refunded": order.shares.get().payment,
        f"#{order.pk}, 9: status": event,
        "2026-05-01 (no. 3)": report,
        f"Cut, order #{order.pk}": booking,
        f"order placed {mail.pk}": mail,
        "ann@example.org: order delayed": declined,
    }


def page_of(row: models.Model, name: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def test_pages_call_a_row_in_words(cast: Cast, office: Client) -> None:
    for words, row in named_rows(cast).items():
        assert f"<h2>{escape(words)}</h2>" in office.get(page_of(row, "change")).content.decode(), words


def test_an_event_says_its_reason_in_words(cast: Cast, office: Client) -> None:
    event = named_rows(cast)
    row = next(one for one in event.values() if isinstance(one, OrderEvent))
    for path in (page_of(row, "change"), reverse("admin:orders_orderevent_changelist")):
        text = office.get(path).content.decode()
        assert "The customer changed their mind – Rain" in text
        assert "changed_mind" not in text


def test_a_history_does_not_deny_what_it_shows(cast: Cast, office: Client) -> None:
    """Django's own log has what was saved in the back-office; below it stands every change, by whatever door."""
    cast.company.name = "Pedal & Post"
    cast.company.save()
    text = office.get(page_of(cast.company, "history")).content.decode()
    assert "Pedal &amp; Post" in text
    assert NO_LOG not in text
