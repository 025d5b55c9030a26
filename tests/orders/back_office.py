"""Orders for the back-office's tests, placed by the service as the customer."""

from typing import Any

from django.db import transaction

from orders.checkout import Cart, Checkout
from orders.lifecycle.table import Fulfilment
from orders.models import Order
from orders.pricing import CartItem, CartOption
from orders.services.money.wallets import top_up
from orders.services.placing.parties import Placing
from orders.services.placing.placing import place
from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.models import User
from tests.cast import Cast


@transaction.atomic
def place_order(cast: Cast, *, lines: int = 1, external_code: str = "", **changed: Any) -> Order:
    """Burgers without onion, 8.50 EUR a line, for pickup and in cash, unless changed; for a wallet money is put in."""
    caller = caller_of_user(User.objects.get(pk=cast.customer.pk))
    if changed.get("payment_method") == "wallet":
        top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=10_000, actor="system")
    burger = CartItem(
        product=cast.products["burger"].pk,
        quantity=1,
        options=[CartOption(option=cast.options["Regular"].pk, quantity=1)],
        without=[cast.ingredients["Onion"].pk],
    )
    paid = {name: changed.pop(name) for name in ("payment_method", "driver_tip", "cash") if name in changed}
    fields = {"fulfilment": Fulfilment.PICKUP, **changed}
    cart = Cart(vendor_id=cast.vendor.pk, items=[burger] * lines, **fields)
    checkout = Checkout(carts=[cart], **{"payment_method": "cash", **paid})
    return place(placing=Placing(checkout=checkout, external_code=external_code), caller=caller).orders[0]
