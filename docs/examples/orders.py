"""A customer reads a menu, orders a croissant and follows the order; what is refused says why. docs/clients.md."""

import os

from ordersite_client import AuthenticatedClient, Client
from ordersite_client.api.auth import create_auth_token
from ordersite_client.api.orders import place_order, read_order
from ordersite_client.api.vendors import read_vendor_menu
from ordersite_client.models import PlacedOutput, PlaceInputRequest, Problem, SignInInputRequest

SITE = os.environ.get("SITE", "http://127.0.0.1:8000")
VENDOR = 3

login = SignInInputRequest(email="customer@example.com", password="Waffles-4-breakfast")
tokens = create_auth_token.sync(client=Client(base_url=SITE), body=login)
if tokens is None or isinstance(tokens, Problem):
    raise SystemExit(f"not signed in: {tokens}")
client = AuthenticatedClient(base_url=SITE, token=tokens.access)

menu = read_vendor_menu.sync(VENDOR, client=client)
if menu is None or isinstance(menu, Problem):
    raise SystemExit(f"no menu: {menu}")
croissant = next(one for category in menu.categories for one in category.products if one.name == "Croissant au beurre")

cart = {
    "vendor": VENDOR,
    "items": [{"product": croissant.id, "quantity": 2}],
    "delivery_type": "pickup",
    "payment_method": "cash",
}
placed = place_order.sync(client=client, body=PlaceInputRequest.from_dict(cart), idempotency_key="breakfast-1")
if not isinstance(placed, PlacedOutput):
    raise SystemExit(f"not placed: {placed}")
order = read_order.sync(placed.orders[0].id, client=client)
if order is None or isinstance(order, Problem):
    raise SystemExit(f"not read: {order}")
print(f"order {order.id}: {order.status.name.value}, {order.total.amount} {order.total.currency}")

refused = place_order.sync(client=client, body=PlaceInputRequest.from_dict({**cart, "vendor": 10**6}))
if isinstance(refused, Problem):
    print(f"refused: {refused.errors[0].pointer}: {refused.detail}")
