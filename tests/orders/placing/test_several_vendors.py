"""Several vendors in a purchase: one payment, an order each, and all adds up (docs/requirements.md, rows 6 and 8)."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import FeedEntry, Order, Payment
from orders.services.paying.receiving import mark_paid
from ordersite.accounts.callers import SYSTEM
from tests.cast import Cast
from tests.orders.several import baker, cart_for_both, loaf_of, make_bakery
from tests.orders.shopping import ORDERS, assert_nothing_changed, balance_of, eur, fill_wallet, place, refused, sums
from vendors.models import Stock, Vendor

Api = Callable[..., APIClient]
PURCHASES = "/api/v1/purchases"


@pytest.fixture
def bakery(cast: Cast) -> Vendor:
    return make_bakery(cast)


class TestPlacing:
    def test_one_payment_and_an_order_each(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        fill_wallet(cast.customer_row, 5000)
        placed = place(api(cast.customer), cart_for_both(cast, bakery, total=eur("19.82")))
        pizza, loaf = placed["orders"]
        assert placed["purchase"]["total"] == eur("19.82")
        assert [payment["amount"] for payment in placed["purchase"]["payments"]] == [eur("19.82")]
        assert (pizza["vendor"]["name"], pizza["total"]) == ("Burger Bar", eur("14.50"))
        assert (loaf["vendor"]["name"], loaf["total"]) == ("Bakery", eur("5.32"))
        assert [order["payments"][0]["amount"] for order in (pizza, loaf)] == [eur("14.50"), eur("5.32")]
        codes = {placed["purchase"]["tracking_code"], pizza["tracking_code"], loaf["tracking_code"]}
        assert len(codes) == 3
        assert balance_of(cast.customer_row) == 5000 - 1982
        assert sums()["clearing::EUR"] == 1982
        assert Stock.objects.get(product=loaf_of(bakery)).quantity == 99

    def test_the_tip_is_divided_to_the_cent_by_what_each_order_is_worth(
        self, cast: Cast, api: Api, bakery: Vendor
    ) -> None:
        fill_wallet(cast.customer_row, 5000)
        placed = place(api(cast.customer), cart_for_both(cast, bakery, driver_tip=eur("1.00")))
        # 1200 : 333 of 100 is 78.27… and 21.72…: the larger remainder gets the cent.
        assert [order["driver_tip"] for order in placed["orders"]] == [eur("0.78"), eur("0.22")]
        assert placed["purchase"]["total"] == eur("20.82")

    def test_the_quote_says_the_same_in_all_and_of_each(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        body = api(cast.customer).post(f"{ORDERS}/quote", cart_for_both(cast, bakery, driver_tip=eur("1.00"))).json()
        assert (body["total"], body["subtotal"], body["delivery_fee"]) == (eur("20.82"), eur("15.33"), eur("4.49"))
        assert [(one["vendor"]["name"], one["total"]) for one in body["orders"]] == [
            ("Burger Bar", eur("15.28")),
            ("Bakery", eur("5.54")),
        ]
        assert [item["name"] for item in body["items"]] == ["Pizza", "Loaf"]

    def test_a_part_may_say_otherwise_than_all(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        body = cart_for_both(cast, bakery, payment_method="cash", comment="Ring twice")
        body["vendors"][1] |= {"delivery_type": "pickup", "comment": "Sliced"}
        pizza, loaf = place(api(cast.customer), body)["orders"]
        assert (pizza["delivery_type"], pizza["comment"], pizza["address"]) == (
            "delivery",
            "Ring twice",
            "Naamsestraat 1",
        )
        assert (loaf["delivery_type"], loaf["comment"], loaf["total"]) == ("pickup", "Sliced", eur("3.33"))

    def test_the_same_vendor_twice_is_two_orders_with_two_numbers(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        part = {"vendor": bakery.pk, "items": [{"product": loaf_of(bakery).pk}], "delivery_type": "pickup"}
        placed = place(api(cast.customer), {"vendors": [part, part], "payment_method": "cash"})
        assert [order["number"] for order in placed["orders"]] == [1, 2]
        entries = FeedEntry.objects.filter(stream=f"vendor:{bakery.pk}").order_by("position")
        assert [(entry.position, entry.order_id) for entry in entries] == [
            (1, placed["orders"][0]["id"]),
            (2, placed["orders"][1]["id"]),
        ]

    def test_the_same_external_code_answers_all_orders_again(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        fill_wallet(cast.customer_row, 5000)
        body = cart_for_both(cast, bakery, external_code="B-7")
        first = place(api(cast.customer), body)
        again = api(cast.customer).post(ORDERS, body)
        assert again.status_code == 200
        assert [order["id"] for order in again.json()["orders"]] == [order["id"] for order in first["orders"]]
        assert balance_of(cast.customer_row) == 5000 - 1982

    def test_statements_grow_by_a_few_a_vendor_only(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        client = api(cast.customer)
        one = cart_for_both(cast, bakery, payment_method="cash")
        both = {**one, "vendors": [*one["vendors"]]}
        place(client, both)

        def count(parts: int) -> int:
            with CaptureQueriesContext(connection) as statements:
                place(client, {**both, "vendors": both["vendors"][:parts]})
            # PostgreSQL writes what is told outside by one statement with the feed (ordersite/core/inserts.py).
            apart = 'INSERT INTO "orders_outboxmessage"'
            return sum(not row["sql"].startswith(apart) for row in statements.captured_queries)

        assert count(2) - count(1) <= 4


class TestRefusals:
    def test_another_currency(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        body = cart_for_both(cast, bakery, payment_method="cash")
        body["vendors"].append({"vendor": cast.other_vendor.pk, "items": [{"product": cast.tea.pk}]})
        with assert_nothing_changed():
            refused(api(cast.customer).post(ORDERS, body), 400, "/vendors/2/vendor", "currency")

    @pytest.mark.parametrize("field", ["vendor", "items", "delivery_zone"])
    def test_what_belongs_into_a_part(self, cast: Cast, api: Api, bakery: Vendor, field: str) -> None:
        value = [{"product": cast.products["pizza"].pk}] if field == "items" else cast.vendor.pk
        body = cart_for_both(cast, bakery, payment_method="cash", **{field: value})
        refused(api(cast.customer).post(ORDERS, body), 400, f"/{field}", "several_vendors")

    def test_a_fault_is_told_where_it_stands(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        body = cart_for_both(cast, bakery, payment_method="cash")
        body["vendors"][1]["items"] = [{"product": cast.products["pizza"].pk}]
        with assert_nothing_changed():
            refused(api(cast.customer).post(ORDERS, body), 400, "/vendors/1/items/0/product", "unknown")

    def test_one_that_is_sold_out_refuses_all(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        Stock.objects.filter(product=loaf_of(bakery)).update(quantity=0)
        fill_wallet(cast.customer_row, 5000)
        with assert_nothing_changed():
            response = api(cast.customer).post(ORDERS, cart_for_both(cast, bakery))
        assert (response.status_code, response.json()["code"]) == (409, "out_of_stock")

    def test_another_total(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        response = api(cast.customer).post(ORDERS, cart_for_both(cast, bakery, total=eur("19.81")))
        body = refused(response, 400, "/total", "total_mismatch")
        assert (body["given"], body["expected"]) == (eur("19.81"), eur("19.82"))


class TestLife:
    def test_each_vendor_sees_its_own_order_and_its_own_part_of_the_payment(
        self, cast: Cast, api: Api, bakery: Vendor
    ) -> None:
        fill_wallet(cast.customer_row, 5000)
        pizza, loaf = place(api(cast.customer), cart_for_both(cast, bakery))["orders"]
        seen = api(cast.owner).get(f"{ORDERS}/{pizza['id']}").json()
        assert [payment["amount"] for payment in seen["payments"]] == [eur("14.50")]
        assert api(cast.owner).get(f"{ORDERS}/{loaf['id']}").status_code == 404
        assert api(baker(cast)).get(f"{ORDERS}/{pizza['id']}").status_code == 404

    def test_a_refused_order_is_refunded_alone(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        fill_wallet(cast.customer_row, 5000)
        placed = place(api(cast.customer), cart_for_both(cast, bakery))
        pizza, loaf = placed["orders"]
        response = api(baker(cast)).post(
            f"{ORDERS}/{loaf['id']}/transitions", {"transition": "reject", "reason_code": "out_of_stock"}
        )
        assert response.status_code == 200, response.json()
        assert balance_of(cast.customer_row) == 5000 - 1450
        states = dict(Order.objects.values_list("pk", "payment_status"))
        assert (states[pizza["id"]], states[loaf["id"]]) == ("paid", "refunded")
        payment = Payment.objects.get()
        assert (payment.state, payment.amount, payment.refunded) == ("partly_refunded", 1982, 532)
        purchase = api(cast.customer).get(f"{PURCHASES}/{placed['purchase']['uuid']}").json()
        assert purchase["status"]["name"] == "pending"
        for step in ("accept", "mark_ready"):
            api(cast.owner).post(f"{ORDERS}/{pizza['id']}/transitions", {"transition": step})
        purchase = api(cast.customer).get(f"{PURCHASES}/{placed['purchase']['uuid']}").json()
        assert purchase["status"]["name"] == "preparation_completed"

    def test_unpaid_no_vendor_sees_it_and_paid_both_do(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["fake"])
        placed = place(api(cast.customer), cart_for_both(cast, bakery, payment_method="fake"))
        pizza, loaf = placed["orders"]
        assert placed["purchase"]["payments"][0]["checkout_url"].startswith("http://testserver/pay/")
        for who, order in ((cast.owner, pizza), (baker(cast), loaf)):
            assert api(who).get(f"{ORDERS}/{order['id']}").status_code == 404
        assert not FeedEntry.objects.exists()
        mark_paid(payment_id=placed["purchase"]["payments"][0]["id"], caller=SYSTEM, now=timezone.now())
        for who, order in ((cast.owner, pizza), (baker(cast), loaf)):
            assert api(who).get(f"{ORDERS}/{order['id']}").json()["payment_status"] == "paid"
        assert sorted(FeedEntry.objects.values_list("stream", "position")) == sorted(
            [(f"vendor:{cast.vendor.pk}", 1), (f"vendor:{bakery.pk}", 1)]
        )
        assert sums()["clearing::EUR"] == 1982

    def test_one_cancelled_before_it_is_paid_makes_the_payment_less(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["fake"])
        placed = place(api(cast.customer), cart_for_both(cast, bakery, payment_method="fake"))
        pizza, loaf = placed["orders"]
        cancelled = api(cast.customer).post(
            f"{ORDERS}/{loaf['id']}/transitions", {"transition": "cancel_by_customer", "reason_code": "changed_mind"}
        )
        assert cancelled.status_code == 200, cancelled.json()
        purchase = api(cast.customer).get(f"{PURCHASES}/{placed['purchase']['uuid']}").json()
        assert [payment["amount"] for payment in purchase["payments"]] == [eur("14.50")]
        mark_paid(payment_id=placed["purchase"]["payments"][0]["id"], caller=SYSTEM, now=timezone.now())
        assert sums() == {"clearing::EUR": 1450, "funding::EUR": -1450}

    def test_one_code_follows_all_and_each_its_own(self, cast: Cast, api: Api, bakery: Vendor) -> None:
        placed = place(api(cast.customer), cart_for_both(cast, bakery, payment_method="cash"))
        together = api().post("/api/v1/track", {"code": placed["purchase"]["tracking_code"]}).json()
        assert [order["vendor"]["name"] for order in together["orders"]] == ["Burger Bar", "Bakery"]
        alone = api().post("/api/v1/track", {"code": placed["orders"][1]["tracking_code"]}).json()
        assert (alone["vendor"]["name"], alone["orders"]) == ("Bakery", [])
