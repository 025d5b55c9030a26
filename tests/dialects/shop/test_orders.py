"""Creating orders, with and without items, and reading them (rows 11 and 29–31)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from orders.models import FeedEntry, Order, OrderEvent, Payment, Purchase, SlotUse, StatusLabel
from ordersite.accounts.models import ApiToken, Customer
from ordersite.core.crypto import token_hash
from tests.cast import Cast, make_clerk, make_manager
from tests.dialects.shop.calling import (
    ORDERS,
    STATUSES,
    WALK_IN,
    Api,
    at,
    body_of,
    created,
    empty_order,
    label_of,
    refused,
    set_flag,
    set_vendor,
)
from tests.orders.gift_cards import make_gift_card
from tests.orders.rows import make_order
from tests.orders.several import loaf_of, make_bakery
from tests.orders.shopping import NEAR, assert_nothing_changed, cart
from vendors.models import Member, Vendor

CREATE = "POST /System/Orders"
DETAIL = "GET /System/Orders/{id}"
LIST = "GET /System/Orders"
ADD = "POST /System/Orders/{id}/item"


def make_vendor(cast: Cast, name: str, currency: str, **fields: Any) -> Vendor:
    """Another vendor of the cast's merchant."""
    return Vendor.objects.create(
        merchant=cast.merchant,
        type=cast.vendor.type,
        name=name,
        currency=currency,
        time_zone="Europe/Brussels",
        fulfilments=["pickup"],
        payment_methods=["cash"],
        **fields,
    )


def moment(order: Order) -> str:
    return order.placed_at.isoformat().replace("+00:00", "Z")


class TestCreating:
    @pytest.mark.rows(11, 29, call=CREATE)
    def test_a_customers_order_comes_back_whole(self, cast: Cast, api: Api) -> None:
        items = [{"productId": cast.products["pizza"].pk, "quantity": 1}]
        items.append({"productId": cast.products["soda"].pk, "quantity": 2})
        response = api(cast.customer).post(ORDERS, body_of(cast, items=items))
        order = created(response)
        pizza, soda = order.lines.all()
        label = label_of(0)
        assert response.json() == {
            "id": order.pk,
            "number": 1,
            "vendorId": cast.vendor.pk,
            "status": {"id": label.pk, "name": label.name},
            "value": "17.00",
            "price": "17.00",
            "currency": "EUR",
            "customer": {
                "id": cast.customer_row.pk,
                "name": "Clara Customer",
                "email": cast.customer.email,
                "phone": "+3225550100",
            },
            "paid": False,
            "done": False,
            "canceled": False,
            "sent": False,
            "delivered": False,
            "createdAt": moment(order),
            "items": [
                {
                    "itemId": pizza.pk,
                    "productId": cast.products["pizza"].pk,
                    "name": "Pizza",
                    "quantity": 1,
                    "unitPrice": "12.00",
                    "price": "12.00",
                    "options": [],
                },
                {
                    "itemId": soda.pk,
                    "productId": cast.products["soda"].pk,
                    "name": "Soda",
                    "quantity": 2,
                    "unitPrice": "2.50",
                    "price": "5.00",
                    "options": [],
                },
            ],
            "discount": "0.00",
            "deliveryPrice": "0.00",
            "servicePrice": "0.00",
            "tip": "0.00",
            "taxIncluded": "0.96",
            "taxAdded": "0.00",
            "deliveryType": "pickup",
            "address": "",
            "paymentMethod": "cash",
            "trackingNumber": "",
            "carrier": "",
            "history": [{"id": 1, "text": "Placed", "author": "customer", "createdAt": moment(order)}],
        }

    @pytest.mark.rows(11, call=CREATE)
    def test_delivered_where_an_address_says_where_to(self, cast: Cast, api: Api) -> None:
        body = body_of(cast, address="Naamsestraat 1", location=NEAR)
        shown = api(cast.customer).post(ORDERS, body).json()
        assert (shown["deliveryType"], shown["address"]) == ("delivery", "Naamsestraat 1")
        assert (shown["value"], shown["deliveryPrice"], shown["price"]) == ("12.00", "2.50", "14.50")

    @pytest.mark.rows(11, call=CREATE)
    def test_choices_are_told_by_their_ids(self, cast: Cast, api: Api) -> None:
        large = {"optionId": cast.options["Large"].pk}
        item = {"productId": cast.products["burger"].pk, "quantity": 2}
        with assert_nothing_changed():
            response = api(cast.customer).post(ORDERS, body_of(cast, items=[item]))
            refused(response, 400, "invalid", "items[0].options")
        shown = api(cast.customer).post(ORDERS, body_of(cast, items=[{**item, "options": [large]}])).json()
        chosen = [{"optionId": large["optionId"], "name": "Large", "quantity": 1}]
        assert (shown["value"], shown["items"][0]["options"]) == ("21.00", chosen)

    @pytest.mark.rows(11, call=CREATE)
    @pytest.mark.parametrize(
        ("methods", "sent", "method"),
        [
            (["cash", "transfer"], None, "transfer"),
            (["wallet", "cash"], None, "cash"),
            (["fake"], None, "fake"),
            (["transfer", "cash"], "cash", "cash"),
        ],
    )
    def test_how_it_is_paid(self, cast: Cast, api: Api, methods: list[str], sent: str | None, method: str) -> None:
        set_vendor(cast, payment_methods=methods, fulfilments=["eat_in", "curbside"])
        shown = api(cast.customer).post(ORDERS, body_of(cast, paymentMethod=sent)).json()
        assert (shown["paymentMethod"], shown["deliveryType"]) == (method, "eat_in")

    @pytest.mark.rows(11, call=CREATE)
    def test_codes_are_never_paid_in_cash(self, cast: Cast, api: Api) -> None:
        card = make_gift_card(cast)
        set_vendor(cast, payment_methods=["cash", "transfer"])
        items = [{"productId": card.pk, "quantity": 1}]
        shown = api(cast.customer).post(ORDERS, body_of(cast, items=items)).json()
        assert (shown["deliveryType"], shown["paymentMethod"], shown["price"]) == ("digital", "transfer", "25.00")

    @pytest.mark.rows(11, call=CREATE)
    def test_staff_and_the_vendors_people_order_for_others(self, cast: Cast, api: Api) -> None:
        staffs = created(api(cast.staff).post(ORDERS, body_of(cast, customer={"id": cast.customer_row.pk})))
        owners = created(api(cast.owner).post(ORDERS, body_of(cast, customer=WALK_IN)))
        assert (staffs.customer, owners.customer.name) == (cast.customer_row, "Wanda Walker")
        roles = [OrderEvent.objects.get(order=order).role for order in (staffs, owners)]
        assert (roles, owners.customer.user_id) == (["staff", "vendor"], None)
        own = api(cast.customer).post(ORDERS, body_of(cast, customer={"id": cast.customer_row.pk}))
        assert created(own).customer == cast.customer_row

    @pytest.mark.rows(11, call=CREATE)
    def test_a_customer_who_is_known_is_its_id_whatever_comes_with_it(self, cast: Cast, api: Api) -> None:
        staff, known = api(cast.staff), cast.customer_row.pk
        shown = staff.post(ORDERS, body_of(cast, customer={"id": known})).json()["customer"]
        for customer in (known, str(known), {"id": float(known), "name": ""}, shown, {**shown, "name": "Another"}):
            assert created(staff.post(ORDERS, body_of(cast, customer=customer))).customer == cast.customer_row
            assert created(api(cast.customer).post(ORDERS, body_of(cast, customer=customer))).customer_id == known
        with assert_nothing_changed():
            refused(api(cast.stranger).post(ORDERS, body_of(cast, customer=shown)), 403, "forbidden", "customer")

    @pytest.mark.rows(11, call=CREATE)
    @pytest.mark.parametrize(
        "nobody", [0, "0", {}, {"id": 0}, {"id": "0.0", "name": "", "email": None, "phone": " "}, {"address": {}}]
    )
    def test_a_customer_of_whom_nothing_is_said_is_who_calls(self, cast: Cast, api: Api, nobody: Any) -> None:
        body = body_of(cast, vendorId=0, location={"lat": None, "lng": ""}) | {"customer": nobody}
        assert created(api(cast.customer).post(ORDERS, body)).customer == cast.customer_row
        named = {"id": 0, **WALK_IN}
        assert created(api(cast.owner).post(ORDERS, body | {"customer": named})).contact_name == "Wanda Walker"

    @pytest.mark.rows(11, call=CREATE)
    def test_what_a_vendors_people_order_for_others_is_their_own(self, cast: Cast, api: Api) -> None:
        ApiToken.objects.create(
            merchant=cast.merchant, name="Shop", token_hash=token_hash("ost_shop"), scopes=["read", "write"]
        )
        tea = [{"productId": cast.tea.pk, "quantity": 1}]
        with assert_nothing_changed():
            for client in (api(cast.owner), api(token="ost_shop")):
                for vendor, field in ((None, "items[0].productId"), (cast.other_vendor.pk, "vendorId")):
                    body = body_of(cast, items=tea, currency="USD", vendorId=vendor, customer=WALK_IN)
                    error = refused(client.post(ORDERS, body), 400, "invalid", field)
                    assert "yours" in error["message"]
            body = body_of(cast, items=tea, currency="USD", customer=WALK_IN)
            refused(api(cast.customer).post(ORDERS, body), 400, "invalid", "customer")
        # For itself anybody orders anywhere.
        assert created(api(cast.owner).post(ORDERS, {**body, "customer": None})).customer.user == cast.owner

    @pytest.mark.rows(11, call=CREATE)
    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"currency": None}, "currency"),
            ({"currency": "EURO"}, "currency"),
            ({"currency": "USD"}, "currency"),
            ({"customer": {"fullName": "Wanda"}}, "customer.name"),
            ({"customer": {"id": -1, "name": "Wanda", "phone": "+3225550177"}}, "customer.id"),
            ({"customer": {"name": "Wanda"}}, "customer.email"),
            ({"customer": {"id": "one", "name": "Wanda", "phone": "+3225550177"}}, "customer.id"),
            ({"customer": "Wanda"}, "customer"),
            ({"customer": {"name": "Wanda", "phone": "x"}}, "customer.phone"),
            ({"customer": WALK_IN}, "customer"),
            ({"items": [{"productId": 10**9, "quantity": 1}]}, "items[0].productId"),
            ({"items": [{"quantity": 1}]}, "items[0].productId"),
            ({"items": "pizza"}, "items"),
            ({"vendorId": 10**9}, "vendorId"),
            ({"deliveryType": "by_bike"}, "deliveryType"),
            ({"deliveryType": "delivery"}, "location"),
            ({"paymentMethod": "transfer"}, "paymentMethod"),
            ({"items": None}, "vendorId"),
        ],
    )
    def test_what_is_wrong_is_named(self, cast: Cast, api: Api, fields: dict[str, Any], field: str) -> None:
        with assert_nothing_changed():
            refused(api(cast.customer).post(ORDERS, body_of(cast, **fields)), 400, "invalid", field)

    @pytest.mark.rows(11, call=CREATE)
    @pytest.mark.parametrize("phone", ["0470 11 22 33", "+32470112233"])
    def test_a_number_without_its_countrys_code_is_the_vendors(self, cast: Cast, api: Api, phone: str) -> None:
        order = created(api(cast.owner).post(ORDERS, body_of(cast, customer={"name": "Wanda", "phone": phone})))
        assert (order.contact_name, order.contact_phone) == ("Wanda", "+32470112233")

    @pytest.mark.rows(11, call=CREATE)
    def test_products_of_two_vendors_are_two_orders(self, cast: Cast, api: Api) -> None:
        items = [{"productId": pk, "quantity": 1} for pk in (cast.products["pizza"].pk, cast.tea.pk)]
        with assert_nothing_changed():
            error = refused(
                api(cast.customer).post(ORDERS, body_of(cast, items=items)), 400, "invalid", "items[1].productId"
            )
        assert error["message"] == "This product is sold by another vendor: create a separate order for each vendor."

    @pytest.mark.rows(11, call=CREATE)
    def test_who_may_not(self, cast: Cast, api: Api) -> None:
        with assert_nothing_changed():
            refused(api().post(ORDERS, body_of(cast)), 401, "not_authenticated")
            for_another = body_of(cast, customer={"id": cast.stranger_row.pk})
            error = refused(api(cast.customer).post(ORDERS, for_another), 403, "forbidden", "customer")
            assert error["message"] == "Only staff can order for a customer: leave `customer` out."
            empty = body_of(cast, items=None, vendorId=cast.vendor.pk)
            for user in (cast.customer, cast.driver, cast.dispatcher):
                refused(api(user).post(ORDERS, empty), 403, "forbidden", "items")
            others = body_of(cast, items=None, vendorId=cast.vendor.pk, customer=WALK_IN)
            refused(api(cast.other_owner).post(ORDERS, others), 403, "forbidden", "items")


NATIVE = "/api/v1/orders"
NOT_YOURS = "Only staff can order for a customer that is not yours: send `customer` with a name and a phone."


class TestForAGuestOfEarlier:
    """A customer that the caller made by an order for it, named by the id that the answer told."""

    @pytest.mark.rows(11, call=CREATE)
    @pytest.mark.parametrize("who", ["token", "owner"])
    @pytest.mark.parametrize("is_empty", [False, True])
    def test_who_made_it_orders_for_it_again(self, cast: Cast, api: Api, who: str, is_empty: bool) -> None:
        client = client_of(cast, api, who)
        made = client.post(ORDERS, body_of(cast, customer=WALK_IN)).json()["customer"]
        wanted = body_of(cast, customer={"id": made["id"]}, **({"items": None} if is_empty else {}))
        answer = client.post(ORDERS, wanted)
        order = created(answer)
        assert answer.json()["customer"] == made
        assert (order.customer_id, order.contact_name, order.contact_phone) == (made["id"], *WALK_IN.values())
        assert Customer.objects.filter(phone=WALK_IN["phone"]).count() == 1

    @pytest.mark.rows(11, call=CREATE)
    @pytest.mark.parametrize("who", ["token", "owner"])
    def test_others_customers_are_refused_as_unknown_ones_are(self, cast: Cast, api: Api, who: str) -> None:
        theirs = body_of(cast, items=[{"productId": cast.tea.pk, "quantity": 1}], customer=WALK_IN, currency="USD")
        by_other = created(client_of(cast, api, "other").post(ORDERS, theirs)).customer_id
        by_staff = created(api(cast.staff).post(ORDERS, body_of(cast, customer=WALK_IN))).customer_id
        by_itself = api().post(NATIVE, cart(cast, guest=WALK_IN))
        assert by_itself.status_code == 201
        guest = Purchase.objects.latest("pk").customer_id
        account = created(api(cast.customer).post(ORDERS, body_of(cast))).customer_id
        client = client_of(cast, api, who)
        with assert_nothing_changed():
            for pk in (by_other, by_staff, guest, account, cast.stranger_row.pk, 999_999):
                for body in (body_of(cast, customer={"id": pk}), body_of(cast, items=None, customer={"id": pk})):
                    assert refused(client.post(ORDERS, body), 403, "forbidden", "customer")["message"] == NOT_YOURS
                native = client.post(NATIVE, cart(cast, customer=pk))
                assert (native.status_code, native.json()["detail"]) == (
                    403,
                    NOT_YOURS.replace("`customer`", "`guest`"),
                )

    @pytest.mark.rows(11, call=CREATE)
    def test_nobody_is_the_guest_of_all_who_do_not_sign_in(self, cast: Cast, api: Api) -> None:
        assert api().post(NATIVE, cart(cast, guest=WALK_IN)).status_code == 201
        guest = Purchase.objects.get().customer_id
        with assert_nothing_changed():
            assert api().post(NATIVE, cart(cast, customer=guest)).status_code == 403

    @pytest.mark.rows(11, call=CREATE)
    def test_who_works_there_no_more_does_not(self, cast: Cast, api: Api) -> None:
        client = client_of(cast, api, "owner")
        made = created(client.post(ORDERS, body_of(cast, customer=WALK_IN))).customer_id
        Member.objects.filter(user=cast.owner).delete()
        with assert_nothing_changed():
            refused(client.post(ORDERS, body_of(cast, customer={"id": made})), 403, "forbidden", "customer")

    @pytest.mark.rows(11, call=CREATE)
    def test_who_works_for_another_merchant_by_now_brings_no_guests_along(self, cast: Cast, api: Api) -> None:
        client = client_of(cast, api, "owner")
        made = created(client.post(ORDERS, body_of(cast, customer=WALK_IN))).customer_id
        Member.objects.filter(user=cast.owner).update(merchant=cast.other_merchant)
        tea = [{"productId": cast.tea.pk, "quantity": 1}]
        with assert_nothing_changed():
            body = body_of(cast, items=tea, customer={"id": made}, currency="USD")
            refused(client.post(ORDERS, body), 403, "forbidden", "customer")

    @pytest.mark.rows(11, call=CREATE)
    def test_a_token_without_a_customer_is_told_to_send_one(self, cast: Cast, api: Api) -> None:
        client = client_of(cast, api, "token")
        with assert_nothing_changed():
            for customer in (None, {}, {"id": 0}):
                error = refused(client.post(ORDERS, body_of(cast, customer=customer)), 400, "invalid", "customer")
                assert error["message"] == "Send `customer` with a name and a phone or an e-mail."

    @pytest.mark.rows(11, call=CREATE)
    def test_another_merchants_product_is_refused_as_for_a_guest(self, cast: Cast, api: Api) -> None:
        client = client_of(cast, api, "token")
        made = created(client.post(ORDERS, body_of(cast, customer=WALK_IN))).customer_id
        tea = [{"productId": cast.tea.pk, "quantity": 1}]
        with assert_nothing_changed():
            for customer in (WALK_IN, {"id": made}):
                body = body_of(cast, items=tea, customer=customer, currency="USD")
                refused(client.post(ORDERS, body), 400, "invalid", "items[0].productId")


def client_of(cast: Cast, api: Api, who: str) -> APIClient:
    """The owner of the cast's vendor, a token of its merchant, or one of the other merchant."""
    if who == "owner":
        return api(cast.owner)
    merchant, name = (cast.merchant, "ost_shop") if who == "token" else (cast.other_merchant, "ost_other")
    ApiToken.objects.create(merchant=merchant, name="Shop", token_hash=token_hash(name), scopes=["read", "write"])
    return api(token=name)


class TestWithoutItems:
    @pytest.mark.rows(11, 70, call=CREATE)
    def test_the_kitchen_sees_it_from_its_first_item_on(self, cast: Cast, api: Api) -> None:
        set_vendor(cast, payment_methods=["transfer"], service_fee=50)
        order = empty_order(cast, api)
        owner = api(cast.owner)
        shown = owner.get(at(order)).json()
        assert (shown["items"], shown["value"], shown["price"], shown["paid"]) == ([], "0.00", "0.00", False)
        assert (order.visible_at, order.due_at, FeedEntry.objects.count()) == (None, None, 0)
        board = f"/api/v1/orders?mode=dashboard&vendor={cast.vendor.pk}"
        assert owner.get(board).json()["count"] == 0
        added = owner.post(at(order, "/item"), {"productId": cast.products["soda"].pk, "quantity": 2})
        assert (added.status_code, added.json()["price"]) == (201, "5.50")
        order.refresh_from_db()
        payment = Payment.objects.get()
        assert (payment.amount, payment.state, order.payment_status) == (550, "unpaid", "unpaid")
        assert payment.expires_at is not None
        assert order.due_at == payment.expires_at
        assert order.visible_at is not None
        assert cast.products["soda"].stock.quantity == 8
        assert [entry.stream for entry in FeedEntry.objects.all()] == [f"vendor:{cast.vendor.pk}"]
        assert owner.get(board).json()["count"] == 1
        # Whoever placed it in the customer's name may go on until it is accepted.
        second = owner.post(at(order, "/item"), {"productId": cast.products["pizza"].pk, "quantity": 1})
        assert (second.status_code, second.json()["price"], second.json()["change"]["state"]) == (
            201,
            "17.50",
            "applied",
        )
        assert Payment.objects.get().amount == 1750

    @pytest.mark.rows(11, call=CREATE)
    def test_by_a_merchants_token_and_by_staff(self, cast: Cast, api: Api) -> None:
        ApiToken.objects.create(
            merchant=cast.merchant, name="Shop", token_hash=token_hash("ost_shop"), scopes=["read", "write"]
        )
        body = body_of(cast, items=None, customer=WALK_IN)
        tokens = created(api(token="ost_shop").post(ORDERS, body))
        assert (tokens.vendor_id, OrderEvent.objects.get(order=tokens).role) == (cast.vendor.pk, "vendor")
        with assert_nothing_changed():
            refused(api(token="ost_shop").post(ORDERS, body_of(cast, items=None)), 400, "invalid", "customer")
        assert created(api(cast.staff).post(ORDERS, {**body, "vendorId": cast.vendor.pk})).lines.count() == 0

    @pytest.mark.rows(11, call=CREATE)
    def test_a_merchants_first_vendor_of_the_currency(self, cast: Cast, api: Api) -> None:
        make_vendor(cast, "Closed Bar", "CZK", is_active=False)
        dear, kiosk, bar = (make_vendor(cast, *one) for one in (("Bar", "USD"), ("Kiosk", "CZK"), ("Annex", "CZK")))
        manager = make_manager(bar)
        Member.objects.get(user=manager).vendors.add(dear, cast.other_vendor)
        ApiToken.objects.create(
            merchant=cast.merchant, name="Shop", token_hash=token_hash("ost_shop"), scopes=["read", "write"]
        )
        owner, at_two, token = api(cast.owner), api(manager), api(token="ost_shop")
        wanted: list[tuple[APIClient, str, Vendor]] = [
            *((client, "CZK", kiosk) for client in (owner, token)),
            *((client, "EUR", cast.vendor) for client in (owner, token)),
            *((client, "USD", dear) for client in (owner, at_two, token)),
            (at_two, "czk", bar),
            (api(cast.other_owner), "USD", cast.other_vendor),
        ]
        for client, currency, vendor in wanted:
            for empty in ({}, {"items": []}, {"items": None, "vendorId": ""}):
                order = created(client.post(ORDERS, {"customer": WALK_IN, "currency": currency, **empty}))
                assert (order.vendor, order.currency) == (vendor, vendor.currency)
        assert created(owner.post(ORDERS, body_of(cast, customer=WALK_IN))).vendor == cast.vendor
        with assert_nothing_changed():
            for client, currency in ((owner, "GBP"), (at_two, "EUR"), (api(cast.other_owner), "EUR")):
                body = {"customer": WALK_IN, "currency": currency}
                refused(client.post(ORDERS, body), 400, "invalid", "currency")

    @pytest.mark.rows(11, call=CREATE)
    def test_who_serves_several_merchants_is_asked(self, cast: Cast, api: Api) -> None:
        body = {"customer": WALK_IN, "currency": "EUR"}
        clerk = make_clerk("accounts.act_everywhere", "orders.add_order", "orders.view_order")
        both = make_manager(cast.vendor)
        Member.objects.create(user=both, merchant=cast.other_merchant, role=Member.Role.MANAGER)
        with assert_nothing_changed():
            for user in (cast.staff, clerk, both):
                error = refused(api(user).post(ORDERS, body), 400, "invalid", "vendorId")
                said = "You work for several merchants: send `vendorId`, or `items` with products of one vendor."
                assert error["message"] == said
            error = refused(api(cast.driver).post(ORDERS, body), 400, "invalid", "vendorId")
            assert error["message"].startswith("You work for no vendor: ")
        with_items = body_of(cast, customer=WALK_IN)
        for user in (cast.staff, clerk, both):
            assert created(api(user).post(ORDERS, with_items)).vendor == cast.vendor
            assert created(api(user).post(ORDERS, {**body, "vendorId": cast.vendor.pk})).vendor == cast.vendor
        Vendor.objects.filter(pk=cast.other_vendor.pk).update(is_active=False)
        for user in (cast.staff, clerk, both):
            assert created(api(user).post(ORDERS, body)).vendor == cast.vendor

    @pytest.mark.rows(11, 70, call=ADD)
    def test_who_has_several_vendors_is_told_which_one_sells_its_first_item(self, cast: Cast, api: Api) -> None:
        other = make_bakery(cast, merchant=cast.merchant)
        order = empty_order(cast, api)
        item = {"productId": loaf_of(other).pk, "quantity": 1}
        with assert_nothing_changed(order):
            error = refused(api(cast.owner).post(at(order, "/item"), item), 400, "invalid", "productId")
        assert f"`vendorId` {other.pk}" in error["message"]
        fitting = empty_order(cast, api, vendorId=other.pk)
        assert api(cast.owner).post(at(fitting, "/item"), item).status_code == 201

    @pytest.mark.rows(11, 70, call=ADD)
    def test_its_zone_and_its_slot_come_with_the_first_item(self, cast: Cast, api: Api) -> None:
        set_vendor(cast, slot_orders=1)
        order = empty_order(cast, api, address="Naamsestraat 1", location=NEAR)
        assert (order.delivery_fee, order.delivery_zone_id, SlotUse.objects.count()) == (0, cast.zone.pk, 0)
        item = {"productId": cast.products["soda"].pk, "quantity": 1}
        shown = api(cast.owner).post(at(order, "/item"), item).json()
        assert (shown["value"], shown["deliveryPrice"], shown["price"]) == ("2.50", "2.50", "5.00")
        assert list(SlotUse.objects.values_list("orders", "value")) == [(1, 500)]
        second = empty_order(cast, api, address="Naamsestraat 1", location=NEAR)
        with assert_nothing_changed(second):
            refused(api(cast.owner).post(at(second, "/item"), item), 409, "slot_full")

    @pytest.mark.rows(11, call=CREATE)
    def test_nothing_is_done_with_it_before_but_cancelling(self, cast: Cast, api: Api) -> None:
        order = empty_order(cast, api)
        owner, staff = api(cast.owner), api(cast.staff)
        with assert_nothing_changed(order):
            for flag, code in (("paid", "nothing_due"), ("sent", "guard_failed"), ("done", "transition_not_permitted")):
                refused(set_flag(owner, order, flag), 403 if flag == "done" else 409, code)
            refused(set_flag(staff, order, "done"), 409, "guard_failed")
            payment = Payment.objects.get()
            native = f"/api/v1/orders/{order.pk}"
            assert staff.post(f"{native}/payments/{payment.pk}/approve").json()["code"] == "no_items"
            changed = staff.patch(native, {"payment_method": "wallet"})
            assert changed.json()["code"] == "no_items"
            names = {one["name"] for one in owner.get(f"{native}/transitions").json()["allowed_transitions"]}
            assert names == {"reject"}
        assert set_flag(owner, order, "canceled").json()["canceled"] is True

    @pytest.mark.rows(11, call=CREATE)
    def test_it_is_not_paid_online(self, cast: Cast, api: Api) -> None:
        set_vendor(cast, payment_methods=["fake"])
        body = body_of(cast, items=None, customer=WALK_IN)
        with assert_nothing_changed():
            refused(api(cast.owner).post(ORDERS, body), 400, "invalid", "paymentMethod")

    @pytest.mark.rows(11, 29, call=DETAIL)
    def test_others_do_not_see_it(self, cast: Cast, api: Api) -> None:
        order = empty_order(cast, api)
        for user in (cast.customer, cast.other_owner, cast.courier, cast.driver, cast.dispatcher):
            refused(api(user).get(at(order)), 404, "not_found")


class TestReading:
    @pytest.mark.rows(29, call=DETAIL)
    def test_each_order_is_its_parties_alone(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 7)
        wanted = {"customer": 200, "owner": 200, "staff": 200, "stranger": 404, "other_owner": 404, "driver": 404}
        assert {who: api(getattr(cast, who)).get(at(order)).status_code for who in wanted} == wanted
        refused(api().get(at(order)), 401, "not_authenticated")
        refused(api(cast.staff).get(f"{ORDERS}/{10**20}"), 404, "not_found")
        refused(api(cast.staff).get("/dialects/shop/System/Carts"), 404, "not_found")
        refused(api(cast.staff).delete(at(order)), 405, "method_not_allowed")

    @pytest.mark.rows(29, call=DETAIL)
    def test_who_could_carry_it_reads_a_first_name(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 22, stood="accepted search_started")
        shown = api(cast.driver).get(at(order)).json()
        assert shown["customer"] == {"id": cast.customer_row.pk, "name": "Clara", "email": "", "phone": ""}

    @pytest.mark.rows(30, call=LIST)
    def test_by_customer_status_and_email(self, cast: Cast, api: Api) -> None:
        guest = Customer.objects.create(name="Greta", email="greta@example.net")
        baking = StatusLabel.objects.create(name="Baking", core_status=7, position=99)
        rows = {
            "new": make_order(cast, 0),
            "accepted": make_order(cast, 7),
            "baking": make_order(cast, 7, label=baking),
            "guests": make_order(cast, 0, customer=guest),
            "foreign": make_order(cast, 0, vendor=cast.other_vendor, customer=cast.stranger_row),
        }
        asked: dict[tuple[str, Any], set[str]] = {
            ("customerId", cast.customer_row.pk): {"new", "accepted", "baking"},
            ("customerId", cast.stranger_row.pk): {"foreign"},
            ("statusId", label_of(0).pk): {"new", "guests", "foreign"},
            ("statusId", label_of(7).pk): {"accepted"},
            ("statusId", baking.pk): {"baking"},
            ("email", "Greta@example.net"): {"guests"},
            ("email", "nobody@example.net"): set(),
            ("page", 1): set(rows),
        }
        for (name, value), wanted in asked.items():
            body = api(cast.staff).get(ORDERS, {name: value}).json()
            assert {row["id"] for row in body["orders"]} == {rows[key].pk for key in wanted}, name
            assert (body["total"], body["page"], body["limit"]) == (len(wanted), 1, 15)
        assert [row["id"] for row in api(cast.customer).get(ORDERS).json()["orders"]] == [
            rows[name].pk for name in ("baking", "accepted", "new")
        ]
        owners = api(cast.owner).get(ORDERS, {"customerId": cast.stranger_row.pk}).json()
        assert (owners["orders"], owners["total"]) == ([], 0)

    @pytest.mark.rows(30, call=LIST)
    def test_pages_and_what_is_past_the_end(self, cast: Cast, api: Api) -> None:
        orders = [make_order(cast, 0).pk for _ in range(3)]
        pages = [api(cast.staff).get(ORDERS, {"limit": 2, "page": page}).json() for page in (1, 2, 3)]
        assert [[row["id"] for row in page["orders"]] for page in pages] == [[orders[2], orders[1]], [orders[0]], []]
        assert {page["total"] for page in pages} == {3}

    @pytest.mark.rows(30, call=LIST)
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("page", "0"),
            ("page", "x"),
            ("customerId", "-1"),
            ("customerId", "0"),
            ("statusId", "0"),
            ("statusId", "99999"),
            ("email", "x" * 255),
        ],
    )
    def test_a_parameter_that_is_none(self, cast: Cast, api: Api, name: str, value: str) -> None:
        refused(api(cast.staff).get(ORDERS, {name: value}), 400, "invalid", name)

    def test_statements_do_not_grow(self, cast: Cast, api: Api) -> None:
        def count(path: str) -> int:
            with CaptureQueriesContext(connection) as statements:
                assert api(cast.owner).get(path).status_code == 200
            return len(statements)

        order = created(api(cast.customer).post(ORDERS, body_of(cast)))
        listed, read = count(ORDERS), count(at(order))
        for _ in range(3):
            items = [{"productId": cast.products[name].pk, "quantity": 1} for name in ("pizza", "soda")]
            order = created(api(cast.customer).post(ORDERS, body_of(cast, items=items)))
        assert (count(ORDERS), count(at(order))) == (listed, read)
        assert (listed, read) <= (4, 8)

    @pytest.mark.rows(31, call="GET /System/Orders/Statuses")
    def test_all_statuses_of_the_instance(self, cast: Cast, api: Api) -> None:
        baking = StatusLabel.objects.create(name="Baking", core_status=7, message="It is in the oven", position=99)
        rows = api(cast.customer).get(STATUSES).json()
        assert {row["status"] for row in rows} == set(range(26))
        assert rows[-1] == {"id": baking.pk, "name": "Baking", "status": 7, "message": "It is in the oven"}
        refused(api().get(STATUSES), 401, "not_authenticated")

    @pytest.mark.rows(29, 31, call=DETAIL)
    def test_a_status_without_a_label_has_a_name_still(self, cast: Cast, api: Api) -> None:
        StatusLabel.objects.all().delete()
        order = make_order(cast, 22)
        assert api(cast.staff).get(at(order)).json()["status"] == {"id": None, "name": "Looking for driver"}
