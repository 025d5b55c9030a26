"""What an order is of, as its reader sees it: lines, changes of them, a package, a booking."""

from functools import cached_property

from orders.checkout import Place
from orders.models import Booking, ItemChange, Line, LineOption, Order, Package
from orders.reading.lines import allergen_note_of, allergens_of, ticket_of
from orders.reading.row_view import View, shows
from ordersite.core.names import first_name
from vendors.allergens import read_allergens


class OptionView(View):
    """What was chosen for a line."""

    shown = shows(
        "kind menu_id group name plu_code unit quantity position get_position_display price charged total",
        "allergen_note",
    )
    words = shows("text")

    def __init__(self, option: LineOption, currency: str, *, hides_words: bool) -> None:
        super().__init__(option, hides_words=hides_words)
        self.currency = currency
        self.on_ticket = str(option)
        self.allergens = read_allergens(option.allergens)


class ProductView(View):
    """The product of a line, as it is on the menu now."""

    shown = shows("id picture")


class LineView(View):
    """A line; `ticket` is what the kitchen reads beside the product."""

    shown = shows(
        "id product_id name plu_code unit quantity unit_price price_per total discount tax_rate tax sku refunded",
        "remove_if_missing substitute_id position",
    )
    words = shows("comment")

    def __init__(self, line: Line, currency: str, *, hides_words: bool) -> None:
        super().__init__(line, hides_words=hides_words)
        self.__line = line
        self.currency = currency

    @cached_property
    def __rows(self) -> list[LineOption]:
        return list(self.__line.options.all())

    @cached_property
    def options(self) -> list[OptionView]:
        return [OptionView(option, self.currency, hides_words=self.hides_words) for option in self.__rows]

    def of_kind(self, kind: str) -> list[OptionView]:
        return [option for option in self.options if option.kind == kind]

    @property
    def allergens(self) -> list[str] | None:
        return allergens_of(self.__line, self.__rows)

    @property
    def allergen_note(self) -> str:
        return allergen_note_of(self.__line, self.__rows)

    @property
    def ticket(self) -> list[str]:
        return ticket_of(self.options)

    @property
    def product(self) -> ProductView | None:
        return ProductView(self.__line.product) if self.__line.product else None


class ChangeView(View):
    """A change of items, proposed or made."""

    shown = shows("action old_total new_total difference currency role reason created_at decided_at line_position item")

    def __init__(self, change: ItemChange) -> None:
        super().__init__(change)
        lines = change.order.lines.all() if change.order_id else ()
        self.line_id = next((line.pk for line in lines if line.position == change.line_position), None)
        self.number = None if change.pk is None else change.number  # a quote has none
        lapses = change.state == ItemChange.State.WAITING and has_settled_items(change.order)
        self.state = ItemChange.State.LAPSED if lapses else change.state


def has_settled_items(order: Order) -> bool:
    """Whether its items stay as they are, whatever waits."""
    return order.is_closed or order.picked_up_at is not None


class PackageView(View):
    """What is carried, and between which two places."""

    shown = shows("package_type_id type_name weight width length height")
    words = shows("recipient_phone")

    def __init__(self, package: Package, order: Order, *, hides_words: bool) -> None:
        super().__init__(package, hides_words=hides_words)
        name, hide = package.recipient_name, hides_words
        self.recipient_name = first_name(name) if hides_words else name
        self.pickup = Place(
            address=package.pickup_address,
            address_notes="" if hide else package.pickup_notes,
            lat=package.pickup_lat,
            lng=package.pickup_lng,
        )
        self.dropoff = destination_place(order, hides_words=hides_words)


def destination_place(order: Order, *, hides_words: bool) -> Place:
    """Where the order goes."""
    notes = "" if hides_words else order.address_notes
    return Place(address=order.address, address_notes=notes, lat=order.lat, lng=order.lng)


class BookingView(View):
    """What is booked, and for when."""

    shown = shows("service_id service_name starts_at ends_at place")

    def __init__(self, booking: Booking) -> None:
        super().__init__(booking)
