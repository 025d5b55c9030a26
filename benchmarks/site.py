"""One database of the run: a merchant with vendors, customers, orders in plenty, and the calls that are made of it.

    DATABASE_URL=… python -m benchmarks.site ORDERS

migrates and fills it, and prints the calls and the statements that each costs, as JSON.
"""

import json
import os
import sys
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "ordersite.settings"

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402  after the settings
from django.contrib.auth.models import Group  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework_simplejwt.tokens import AccessToken  # noqa: E402

from benchmarks.filling import REOPEN, fill  # noqa: E402
from benchmarks.statements import UNLIMITED, statements_of  # noqa: E402
from orders.lifecycle.table import Status  # noqa: E402
from orders.models import Order, StatusLabel  # noqa: E402
from ordersite.accounts.models import Customer, User  # noqa: E402
from vendors.models import FULFILMENTS, Member, Merchant, Option, Vendor, VendorType  # noqa: E402
from vendors.services.offers import refresh_offer_flags  # noqa: E402
from vendors.services.vendors import import_menu  # noqa: E402

VENDORS, CUSTOMERS = 8, 200
MOST_ACCEPTED = 900  # of the newest orders, for accepting again and again

MENU: dict[str, Any] = {
    "categories": [
        {
            "name": f"Part {part}",
            "products": [
                {
                    "name": f"Dish {part}.{number}",
                    "description": "With what the season gives, from the oven.",
                    "price": 650 + 45 * number,
                    "tax_rate": 600,
                    "plu_code": f"{part}{number:02d}",
                    "groups": ["Size", "Sauce"],
                    "ingredients": ["Onion", "Tomato", "Cheese"],
                    "extras": [{"name": "Bacon", "price": 120, "max_quantity": 3}],
                }
                for number in range(12)
            ],
        }
        for part in range(1, 6)
    ],
    "groups": [
        {
            "name": "Size",
            "minimum": 1,
            "options": [{"name": "Regular", "price": 0}, {"name": "Large", "price": 200}],
        },
        {
            "name": "Sauce",
            "maximum": 3,
            "options": [{"name": name, "price": 60} for name in ("Ketchup", "Mayonnaise", "Curry", "Pepper", "Garlic")],
        },
    ],
    "zones": [{"name": "Near", "radius": 4000, "fee": 250, "minimum": 1000, "free_from": 10_000}],
}


def user(name: str, **fields: Any) -> User:
    return User(email=f"{name}@example.org", name=name.title(), password=make_password(None), **fields)


@transaction.atomic
def make_people() -> None:
    """Staff, an owner of all vendors, customers."""
    merchant, kind = Merchant.objects.create(name="Merchant"), VendorType.objects.create(name="Restaurant")
    for number in range(VENDORS):
        vendor = Vendor.objects.create(
            merchant=merchant,
            type=kind,
            name=f"Vendor {number}",
            city="Brussels",
            lat=50.85,
            lng=4.35,
            fulfilments=list(FULFILMENTS),
            payment_methods=["cash", "wallet"],
            fee_tax_rate=2100,
            commission_rate=1200,
        )
        import_menu(vendor=vendor, menu=MENU)
    refresh_offer_flags()
    owner = user("owner")
    owner.save()
    Member.objects.create(user=owner, merchant=merchant, role=Member.Role.OWNER)
    staff = user("staff", is_staff=True)
    staff.save()
    staff.groups.set(Group.objects.filter(name__in=["support", "finance"]))
    users = User.objects.bulk_create(user(f"customer{number}") for number in range(CUSTOMERS))
    Customer.objects.bulk_create(
        Customer(user=one, name=one.name, email=one.email, phone="+3225550100") for one in users
    )


def bearer_for(user: User) -> str:
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(days=1))
    return str(token)


def cart(vendor: Vendor, turn: int) -> dict[str, Any]:
    """A plain cash order of three lines with an option each, delivered."""
    products = list(vendor.products.prefetch_related("group_links__group__options").order_by("id"))
    chosen = [products[(7 * turn + step) % len(products)] for step in range(3)]
    items = []
    for step, product in enumerate(chosen):
        size = next(link.group for link in product.group_links.all() if link.group.name == "Size")
        options = list(size.options.all())
        items.append({"product": product.pk, "quantity": 1, "options": [{"option": options[step % 2].pk}]})
    return {
        "vendor": vendor.pk,
        "delivery_type": "delivery",
        "address": "Nieuwstraat 1, 1000 Brussels",
        "location": {"lat": 50.853, "lng": 4.356},
        "payment_method": "cash",
        "items": items,
    }


def in_kesks_words(cart: dict[str, Any]) -> dict[str, Any]:
    return {
        "vendor_id": cart["vendor"],
        "payment_gateway_method_id": 1,
        "items": [
            {"product_id": item["product"], "options": [{"option_id": one["option"]} for one in item["options"]]}
            for item in cart["items"]
        ],
    }


def in_orderings_words(cart: dict[str, Any]) -> dict[str, Any]:
    group_of = dict(Option.objects.values_list("pk", "group_id"))
    return {
        "paymethod_id": 1,
        "business_id": cart["vendor"],
        "delivery_type": 2,
        "delivery_datetime": timezone.now().isoformat(),
        "location": cart["location"],
        "products": [
            {
                "id": item["product"],
                "options": {
                    f"id:{group_of[pk]}": {"suboptions": {f"id:{pk}": {}}}
                    for pk in (one["option"] for one in item["options"])
                },
            }
            for item in cart["items"]
        ],
    }


def in_the_shops_words(cart: dict[str, Any]) -> dict[str, Any]:
    return {
        "currency": "EUR",
        "items": [
            {
                "productId": item["product"],
                "quantity": 1,
                "options": [{"optionId": one["option"]} for one in item["options"]],
            }
            for item in cart["items"]
        ],
    }


def in_our_words(cart: dict[str, Any]) -> dict[str, Any]:
    return {"delivery_type": "pickup", **{name: cart[name] for name in ("vendor", "payment_method", "items")}}


# The same cart, collected and paid in cash, as each of those that place orders of products sends it.
COLLECTED = {
    "ours": ("/api/v1/orders", in_our_words),
    "kesk": ("/dialects/kesk/v1/orders", in_kesks_words),
    "ordering": ("/dialects/ordering/orders", in_orderings_words),
    "shop": ("/dialects/shop/System/Orders", in_the_shops_words),
}


def bare_cart(order: Order) -> dict[str, Any]:
    """The same order with all that the site looks up itself."""
    return {
        "customer": order.customer_id,
        "terms": order.terms_id,
        "vendor": order.vendor_id,
        "currency": order.currency,
        "total": order.total,
        "address": order.address,
        "lat": order.lat,
        "lng": order.lng,
        "items": [
            {
                "product": line.product_id,
                "name": line.name,
                "unit": line.unit,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "total": line.total,
                "options": [
                    {
                        "menu_id": option.menu_id,
                        "group": option.group,
                        "name": option.name,
                        "price": option.price,
                        "total": option.total,
                    }
                    for option in line.options.all()
                ],
            }
            for line in order.lines.all()
        ],
    }


def request(
    method: str, path: str, token: str, body: Any = None, *, keyed: bool = False, tenant: str = ""
) -> dict[str, Any]:
    return {"method": method, "path": path, "token": token, "body": body, "keyed": keyed, "tenant": tenant}


def place_requests() -> tuple[list[dict[str, Any]], list[str]]:
    """A call for each customer, at one vendor after the other."""
    tokens = [bearer_for(customer.user) for customer in Customer.objects.select_related("user").order_by("id")]
    vendors = list(Vendor.objects.order_by("id"))
    return [
        request("POST", "/api/v1/orders", token, cart(vendors[turn % VENDORS], turn), keyed=True)
        for turn, token in enumerate(tokens)
    ], tokens


class WholeLife:
    """Calls of the API in this process, as a customer and as the owner of the vendors."""

    def __init__(self, owner: str) -> None:
        self.owner, self.client = owner, Client()

    def call(self, token: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
        answer = self.client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)
        if answer.status_code >= 300:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.content[:500]!r}")
        return answer.json()

    def live(self, token: str, body: Any) -> None:
        order = self.call(token, "/orders", body)["orders"][0]["id"]
        self.call(self.owner, f"/orders/{order}/transitions", {"transition": "accept"})
        self.call(self.owner, f"/orders/{order}/start-preparing", {})
        for name in ("mark_ready", "collect"):
            self.call(self.owner, f"/orders/{order}/transitions", {"transition": name})


def all_requests(placing: list[dict[str, Any]], tokens: list[str]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The calls of each kind, of ours and of the bare views."""
    staff, owner = (bearer_for(User.objects.get(email=f"{name}@example.org")) for name in ("staff", "owner"))
    templates = list(Order.objects.prefetch_related("lines__options").order_by("id")[:VENDORS])
    details = list(Order.objects.order_by("-id").values_list("pk", flat=True)[:500])
    uuids = list(Order.objects.order_by("-id").values_list("uuid", flat=True)[:500])
    tenant = str(Merchant.objects.get().uuid)
    pending = list(Order.objects.filter(status=0).order_by("-id").values_list("pk", flat=True)[:MOST_ACCEPTED])
    by_customer = list(Order.objects.order_by("-id").values_list("pk", "customer__user_id")[:500])
    token_of = {
        pk: tokens[number]
        for number, pk in enumerate(Customer.objects.order_by("id").values_list("user_id", flat=True))
    }
    vendors = list(Vendor.objects.order_by("id").values_list("pk", flat=True))
    customers = Customer.objects.order_by("id").values_list("pk", flat=True)
    bare_placing = [
        request("POST", "/place", token, bare_cart(templates[turn % VENDORS]) | {"customer": customer})
        for turn, (customer, token) in enumerate(zip(customers, tokens, strict=True))
    ]
    return {
        "place": {
            "ours": placing,
            "bare": bare_placing,
            "bare, no serializers": [{**one, "path": "/place-plain"} for one in bare_placing],
        },
        "list by page": {
            "ours": [request("GET", "/api/v1/orders?mode=dashboard", staff)],
            "bare": [request("GET", "/orders", staff)],
        },
        "list by cursor": {"ours": [request("GET", "/api/v1/orders?mode=dashboard&cursor=", staff)]},
        "a vendor's list by cursor": {
            "ours": [request("GET", f"/api/v1/orders?mode=dashboard&vendor={pk}&cursor=", owner) for pk in vendors]
        },
        "detail": {
            "ours": [request("GET", f"/api/v1/orders/{pk}", token_of[user_id]) for pk, user_id in by_customer],
            "bare": [request("GET", f"/orders/{pk}", owner) for pk in details],
        },
        "15 orders with items": {
            "ours": [request("GET", "/api/v1/orders?mode=dashboard&expand=items", owner)],
            "kesk": [request("GET", "/dialects/kesk/v1/orders", owner)],
            "ordering": [request("GET", "/dialects/ordering/orders?mode=dashboard&page_size=15", owner)],
            "shop": [request("GET", "/dialects/shop/System/Orders?limit=15", owner)],
            "kaddy": [request("GET", "/dialects/kaddy/v1/orders?limit=15", owner, tenant=tenant)],
        },
        "one order with items and history": {
            "ours": [request("GET", f"/api/v1/orders/{pk}?expand=events", owner) for pk in details],
            "kesk": [request("GET", f"/dialects/kesk/v1/orders/{pk}", owner) for pk in details],
            "ordering": [request("GET", f"/dialects/ordering/orders/{pk}?mode=dashboard", owner) for pk in details],
            "shop": [request("GET", f"/dialects/shop/System/Orders/{pk}", owner) for pk in details],
            "kaddy": [request("GET", f"/dialects/kaddy/v1/orders/{one}", owner, tenant=tenant) for one in uuids],
        },
        "accept": {
            "ours": [
                request("POST", f"/api/v1/orders/{pk}/transitions", owner, {"transition": "accept"}) for pk in pending
            ],
            "bare": [request("POST", f"/orders/{pk}/accept", owner, {}) for pk in pending],
        },
        "place, to be collected": {
            who: [request("POST", path, one["token"], body(one["body"])) for one in placing]
            for who, (path, body) in COLLECTED.items()
        },
        "accept, answering all": accepting(owner, pending),
    }


def accepting(owner: str, pending: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """The same change as each dialect asks for it; the dialects answer the order with items and history."""
    accepted = StatusLabel.objects.filter(core_status=Status.ACCEPTED_BY_BUSINESS).values_list("pk", flat=True).first()
    calls = {
        "ours": ("POST", "/api/v1/orders/{}/transitions?expand=items,events", {"transition": "accept"}),
        "kesk": ("PUT", "/dialects/kesk/v1/orders/{}", {"status": "Accepted"}),
        "ordering": ("PUT", "/dialects/ordering/orders/{}", {"status": int(Status.ACCEPTED_BY_BUSINESS)}),
        "shop": ("PATCH", "/dialects/shop/System/Orders/{}/status", {"statusId": accepted}),
    }
    return {
        who: [request(method, path.format(pk), owner, body) for pk in pending]
        for who, (method, path, body) in calls.items()
    }


def reopen() -> None:
    """What the count before has accepted can be accepted again."""
    with connection.cursor() as cursor:
        cursor.execute(
            REOPEN, [list(Order.objects.filter(status=Status.ACCEPTED_BY_BUSINESS).values_list("pk", flat=True))]
        )


def prepare_site(count: int) -> dict[str, Any]:
    """Fills the database, makes two calls of each kind, and returns the calls and the statements that each costs."""
    make_people()
    placing, tokens = place_requests()
    # A real order of each vendor that is open and one that was handed over: the others are made after them.
    life = WholeLife(bearer_for(User.objects.get(email="owner@example.org")))
    statements_of(placing[:VENDORS])
    with override_settings(**UNLIMITED):
        for one in placing[:VENDORS]:
            life.live(one["token"], in_our_words(one["body"]))
    fill(count, say=lambda text: print(text, file=sys.stderr, flush=True))
    calls = all_requests(placing, tokens)
    counted: dict[str, dict[str, int]] = {}
    for what, subjects in calls.items():
        counted[what] = {}
        for who, requests in subjects.items():
            if what.startswith("accept"):
                reopen()
            counted[what][who] = statements_of(requests[-2:], bare=who.startswith("bare"))
    reopen()
    return {"calls": calls, "statements": counted}


def main(count: int) -> None:
    call_command("migrate", verbosity=0)
    prepared = prepare_site(count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    print(json.dumps(prepared))


if __name__ == "__main__":
    main(int(sys.argv[1]))
