"""Services: an appointment, at the vendor's or at the customer's."""

from orders.kinds.base import OrderKind
from orders.models import Kind, Order
from vendors.hours import Calendar
from vendors.services.bookable import places_of, spans_for


class ServiceKind(OrderKind):
    name = Kind.SERVICE
    content = "service"
    offered_by = "services"
    skips_preparing = True
    takes_usual_time = False
    is_taken_by_phone = False

    def is_withdrawn(self, order: Order) -> bool:
        service = order.booking.service
        return not service.is_active or order.booking.place not in places_of(service)

    def hours_of(self, order: Order, calendar: Calendar) -> Calendar:
        service = order.booking.service
        return calendar.variant(service.pk, spans_for(service, calendar.spans))
