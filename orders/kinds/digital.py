"""Digital orders: codes, one for each unit."""

from orders.kinds.base import OrderKind
from orders.models import Kind


class DigitalKind(OrderKind):
    name = Kind.DIGITAL
    is_issued = True
    takes_usual_time = False
