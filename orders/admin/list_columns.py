"""What stands in the columns of the list of orders."""

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html

from orders.admin import display
from orders.admin.timing import timing_badge
from orders.lifecycle.table import Fulfilment
from orders.models import Kind, Order
from orders.visibility import is_told_driver
from ordersite.backoffice.moments import write_moment


class OrderColumns:
    """The columns, by their names in `orders.admin.columns`; a part of OrderAdmin."""

    @admin.display(description="order")
    def name(self, order: Order) -> str:
        return format_html('#{} <small class="quiet">no.\u00a0{}</small>', order.pk, order.called)

    @admin.display(description="customer")
    def contact(self, order: Order) -> str:
        return format_html(
            '{}{} <small class="quiet">{}</small>',
            order.contact_name or "–",
            order.customer.mark,
            order.contact_phone or order.contact_email,
        )

    @admin.display(description="status")
    def state(self, order: Order) -> str:
        return display.status_badge(order.status)

    @admin.display(description="type")
    def type(self, order: Order) -> str:
        return Fulfilment(order.fulfilment).slug.replace("_", " ")

    @admin.display(description="total")
    def amount(self, order: Order) -> str:
        return display.money(order.total, order.currency)

    @admin.display(description="payment")
    def payment(self, order: Order) -> str:
        return format_html(
            '{} <small class="quiet">{}</small>', display.payment_badge(order.payment_status), order.payment_method
        )

    @admin.display(description="placed", ordering="placed_at")
    def placed(self, order: Order) -> str:
        return write_moment(order.placed_at, order.vendor.zone, "j M H:i")

    @admin.display(description="age", empty_value="")
    def age(self, order: Order) -> str:
        """How long it has been under way; empty for what is closed."""
        if order.is_closed:
            return ""
        now = timezone.now()
        late, age = display.lateness(order, now), display.span(now - order.placed_at)
        return format_html('{} <strong class="late">{}</strong>', age, late) if late else age

    @admin.display(description="timer", empty_value="")
    def due(self, order: Order) -> str:
        return display.due_hint(order, timezone.now())

    @admin.display(description="in time", empty_value="")
    def timing(self, order: Order) -> str:
        return timing_badge(order, timezone.now())

    @admin.display(description="promised", empty_value="–")
    def promised(self, order: Order) -> str | None:
        at = display.promised_time(order)
        return write_moment(at, order.vendor.zone, "j M H:i") if at else None

    @admin.display(description="driver", empty_value="–")
    def driver_name(self, order: Order) -> str | None:
        return order.driver.name if order.driver else None

    @admin.display(description="driver", empty_value="–")
    def known_driver(self, order: Order) -> str | None:
        """As a vendor's people are told who drives."""
        return order.driver.name if order.driver and is_told_driver(order) else None

    @admin.display(description="zone", empty_value="–")
    def zone(self, order: Order) -> str | None:
        return order.delivery_zone.name if order.delivery_zone else None

    @admin.display(description="app", empty_value="–")
    def app(self, order: Order) -> str | None:
        return order.app_id or None

    @admin.display(description="kind")
    def kind_name(self, order: Order) -> str:
        return Kind(order.kind).label

    @admin.display(description="external code", empty_value="–")
    def external_code(self, order: Order) -> str | None:
        return order.purchase.external_code or None
