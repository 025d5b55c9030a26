"""Who has to do with an order, as its reader sees them: vendor, customer, contact, driver."""

from datetime import datetime

from orders.lifecycle.positions import CURRENT
from orders.models import DriverPosition, Order
from orders.reading.row_view import View, shows
from orders.services.record.access import OrderAccess
from orders.visibility import knows_driver
from ordersite.core.names import first_name


class VendorSummary(View):
    """A vendor as everybody reads it in the list of vendors."""

    shown = shows("id name phone email address postal_code city country zone time_zone lat lng picture")


class CustomerView(View):
    """Whose order it is."""

    shown = shows("id uuid")

    def __init__(self, order: Order, *, hides_words: bool) -> None:
        super().__init__(order.customer, hides_words=hides_words)
        name = order.customer.name
        self.name = first_name(name) if hides_words else name


class ContactView:
    """Whom to ask about the order; whom it is merely on offer to reads a first name."""

    def __init__(self, order: Order, *, hides_words: bool) -> None:
        self.name = first_name(order.contact_name) if hides_words else order.contact_name
        self.phone = "" if hides_words else order.contact_phone
        self.email = "" if hides_words else order.contact_email


class DriverView:
    """Who drives. Of one who was named and has not accepted others read the ids alone; the public a first name."""

    def __init__(self, access: OrderAccess, *, is_public: bool) -> None:
        order, driver = access.order, access.order.driver
        assert driver is not None, "nobody drives"
        knows = order.driver_accepted_at is not None if is_public else knows_driver(access.caller, order)
        self.id, self.__driver = driver.pk, driver
        self.name = (first_name(driver.name) if is_public else driver.name) if knows else ""
        self.phone = driver.phone if knows and not is_public else ""

    @property
    def user_id(self) -> int:
        return self.__driver.user_id


class PositionView(View):
    """Where a driver was; one that is not current is told as old, with its time."""

    shown = shows("lat lng accuracy heading speed at")

    def __init__(self, position: DriverPosition, now: datetime) -> None:
        super().__init__(position)
        self.is_current = now - position.at <= CURRENT
