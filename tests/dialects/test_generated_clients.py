"""A scenario per OpenAPI document, driven through a client that a public generator makes from it.

A refusal is read into the document's own type for it.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from orders.models import Order, OrderEvent
from orders.services.money.wallets import top_up
from ordersite.accounts.models import User
from tests.cast import Cast
from tests.dialects.generated import generate
from tests.dialects.kesk.calling import png, take_transfers
from tests.orders.gift_cards import FIRST, SECOND, make_gift_card, stock
from tests.orders.shopping import cart, place

Api = Callable[..., APIClient]
pytestmark = pytest.mark.slow


def token_of(user: User) -> str:
    return str(AccessToken.for_user(user))


def test_a_client_of_our_own(cast: Cast, tmp_path: Path) -> None:
    """A customer orders, asks what taking an item out would save, and is told which field is wrong; the vendor accepts.

    `quote` is a name that the generator keeps: it is sent by `httpx_args`.
    """
    customer = generate("native", tmp_path, token=token_of(cast.customer))
    models = customer.module("models")
    items = [{"product": cast.products[name].pk, "quantity": 1} for name in ("pizza", "soda")]
    body = {"vendor": cast.vendor.pk, "items": items, "delivery_type": "pickup", "payment_method": "cash"}
    place_input = models.PlaceInputRequest.from_dict(body)
    order = customer.call("api.orders.place_order", body=place_input).parsed.orders[0]
    read = customer.call("api.orders.read_order", order.id).parsed
    assert (read.status.name.value, read.total.amount, read.location) == ("pending", order.total.amount, None)
    asking = customer.again(token=token_of(cast.customer), quote="true")
    saved = asking.call("api.orders.remove_item", read.id, read.items[1].id).parsed
    assert [len(saved.order.items), len(customer.call("api.orders.read_order", order.id).parsed.items)] == [2, 2]
    place_input.vendor = 10**6
    refused = customer.call("api.orders.place_order", body=place_input)
    assert (refused.status_code, type(refused.parsed)) == (400, models.Problem)
    assert [(one.pointer, one.code) for one in refused.parsed.errors] == [("/vendor", "unknown")]
    vendor = customer.again(token=token_of(cast.owner))
    moved = vendor.call("api.orders.move_order", order.id, body=models.TransitionInputRequest(to=7, prepared_in=15))
    assert moved.parsed.status.name.value == "accepted_by_business"
    dashboard = models.ListOrdersMode("dashboard")
    assert [one.id for one in vendor.call("api.orders.list_orders", mode=dashboard).parsed.results] == [order.id]


def test_a_till_of_kaddy(cast: Cast, api: Api, tmp_path: Path) -> None:
    """Lists the queue, reads the order, confirms it; the queue is empty then. Another tenant's is refused."""
    order = place(api(cast.customer), cart(cast))["orders"][0]
    tenant = str(cast.merchant.uuid)
    till = generate("kaddy", tmp_path, token=token_of(cast.owner))
    listed = till.call("api.kaddy.list_unconfirmed_orders", x_tenant=tenant)
    assert [str(one.id) for one in listed.parsed] == [order["uuid"]]
    read = till.call("api.kaddy.get_order", listed.parsed[0].id, x_tenant=tenant)
    assert (read.parsed.total, read.parsed.order_lines[0].product) == ("12.00", "Pizza")
    confirmed = till.call("api.kaddy.confirm_order", listed.parsed[0].id, x_tenant=tenant)
    assert confirmed.parsed.success is True
    assert till.call("api.kaddy.list_unconfirmed_orders", x_tenant=tenant).parsed == []
    assert Order.objects.get().pos_confirmed_at is not None
    refused = till.call("api.kaddy.list_unconfirmed_orders", x_tenant=str(uuid4()))
    assert (refused.status_code, type(refused.parsed)) == (401, till.module("models").KaddyError)


def test_a_buyer_at_kalixo(cast: Cast, api: Api, tmp_path: Path) -> None:
    """Places an order, gets its PINs, and retrieves it again."""
    top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=10_000, actor="test")
    card = make_gift_card(cast)
    stock(card, FIRST, SECOND)
    buyer = generate("kalixo", tmp_path, token=token_of(cast.customer))
    models = buyer.module("models")
    euro = models.CurrencyEnum("EUR")
    line = models.OrderProductInputRequest(product_id=card.pk, price=2500, currency=euro, quantity=2, sku="x")
    body = models.PlaceOrderInputRequest(
        external_order_code="O-1",
        price=5000,
        currency=euro,
        order_products=[line],
    )
    placed = buyer.call("api.kalixo.place_order", body=body).parsed
    assert [pin.pin for pin in placed.products[0].pin] == [FIRST, SECOND]
    again = buyer.call("api.kalixo.retrieve_order", id=int(placed.order_id)).parsed
    assert (again.order_id, again.order_status) == (int(placed.order_id), "completed")
    refused = buyer.call("api.kalixo.retrieve_order", id=10**6).parsed
    assert (type(refused), refused.status_code) == (models.KalixoError, 404)


def test_an_app_of_kesk(cast: Cast, api: Api, tmp_path: Path) -> None:
    """Orders, reads it, finds it in its list, and follows it by its code; orders by a form with a photo."""
    app = generate("kesk", tmp_path, token=token_of(cast.customer))
    models = app.module("models")
    pizza = {"product_id": cast.products["pizza"].pk}
    body = {"type": "regular", "vendor_id": cast.vendor.pk, "items": [pizza], "payment_gateway_method_id": 1}
    placed = app.call("api.kesk.app_create", body=models.CreateOrderInputRequest.from_dict(body))
    assert placed.status_code == 201
    order_id = placed.parsed.data.id
    read = app.call("api.kesk.get_order_details", order_id).parsed.data
    assert (read.total, read.status) == (12.0, "Pending")
    assert [one.id for one in app.call("api.kesk.get_orders").parsed.data] == [order_id]
    code = models.TrackOrderRequest(code=read.code)
    assert app.call("api.kesk.track_order", body=code).status_code == 200
    take_transfers(cast)
    soda = {"product_id": cast.products["soda"].pk}
    form = models.CreateOrderFormRequest.from_dict({"vendor_id": cast.vendor.pk, "items": [pizza, soda]})
    form.photo = app.module("types").File(payload=BytesIO(png()), file_name="paid.png", mime_type="image/png")
    placed = app.call("api.kesk.app_create", body=form)
    assert (placed.status_code, len(placed.parsed.data.items)) == (201, 2), placed.content
    refused = app.call("api.kesk.app_create", body=models.CreateOrderInputRequest(vendor_id=10**6)).parsed
    assert (type(refused), refused.success, refused.error.code) == (models.KeskError, False, "invalid_request")


def test_a_client_of_ordering(cast: Cast, api: Api, tmp_path: Path) -> None:
    """A customer orders; the business accepts it, and lists what is asked for of its orders.

    `params` is a name that the generator keeps: it is sent by `httpx_args`.
    """
    customer = generate("ordering", tmp_path, token=token_of(cast.customer))
    models = customer.module("models")
    body = {
        "paymethod_id": 1,
        "business_id": cast.vendor.pk,
        "delivery_type": 2,
        "delivery_datetime": f"{timezone.now():%Y-%m-%d %H:%M:%S}",
        "location": {"lat": 50.85, "lng": 4.35},
        "products": [{"id": cast.products["pizza"].pk, "quantity": 1}],
    }
    placed = customer.call("api.ordering.create_order", body=models.PlaceInputRequest.from_dict(body))
    assert placed.status_code in (200, 201), placed.content
    order_id = placed.parsed.result.id
    business = customer.again(token=token_of(cast.owner), params="id,status")
    update = models.UpdateInputRequest.from_dict({"status": 7})
    assert business.call("api.ordering.update_order", order_id, body=update).status_code == 200
    assert Order.objects.get(pk=order_id).status == 7
    mode = models.GetOrdersMode("dashboard")
    listed = business.call("api.ordering.get_orders", mode=mode, page=1).parsed.result
    assert [one.to_dict() for one in listed] == [{"id": order_id, "status": 7}]
    refused = customer.call("api.ordering.get_order", 10**6).parsed
    assert (type(refused), refused.error, len(refused.result)) == (models.OrderingError, True, 1)


def test_a_client_of_the_shop(cast: Cast, api: Api, tmp_path: Path) -> None:
    """The vendor enters an order for a guest, adds an item, gives it a record, and reads it."""
    shop = generate("shop", tmp_path, token=token_of(cast.owner))
    models = shop.module("models")
    pizza = cast.products["pizza"].pk
    body = {
        "customer": {"name": "Greta", "email": "greta@example.com", "phone": "+32470123456"},
        "currency": "EUR",
        "items": [{"productId": pizza, "quantity": 1}],
    }
    placed = shop.call("api.shop.create_order", body=models.CreateInputRequest.from_dict(body))
    assert placed.status_code in (200, 201), placed.content
    order_id = placed.parsed.id
    record = models.HistoryInputRequest.from_dict({"text": "Called back"})
    assert shop.call("api.shop.add_history", order_id, body=record).status_code in (200, 201)
    read = shop.call("api.shop.get_order", order_id).parsed
    assert read.price == "12.00"
    assert OrderEvent.objects.filter(order=order_id, reason="Called back").exists()
    refused = shop.call("api.shop.get_order", 10**6).parsed
    assert (type(refused), refused.error.code) == (models.ShopError, "not_found")
