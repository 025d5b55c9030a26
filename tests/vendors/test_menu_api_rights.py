"""Who keeps a vendor's menu by the API: every call by every role; whoever may not changes nothing."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.services import make_api_token
from ordersite.core.models import AuditRow
from tests.cast import Cast, in_roles, make_manager, make_user
from tests.orders.walking import Api
from tests.vendors.test_menu_api import eur, everything, url
from vendors.models import Category, Member, OpeningHours, Product
from vendors.services.devices import add_device, pair_device

# By role: reads, and changes.
ROLES = {
    "nobody": (401, 401),
    "customer": (403, 403),
    "driver": (403, 403),
    "courier": (403, 403),
    "dispatcher of a company": (403, 403),
    "other owner": (403, 403),
    "cook": (403, 403),
    "manager of another vendor": (403, 403),
    "owner": (200, 0),
    "manager": (200, 0),
    "merchant's token": (200, 0),
    "merchant's token to read": (200, 403),
    "another merchant's token": (403, 403),
    "device": (403, 403),
    "support": (403, 403),
    "finance": (403, 403),
    "dispatcher": (403, 403),
    "catalogue": (200, 0),
}


def client_of(cast: Cast, api: Api, role: str) -> APIClient:
    token: str | None = None
    if role == "nobody":
        return APIClient()
    if role == "cook":
        cook = make_user("Cas Cook")
        Member.objects.create(user=cook, merchant=cast.merchant, role=Member.Role.STAFF)
        return api(cook)
    if role == "manager":
        return api(make_manager(cast.vendor))
    if role == "manager of another vendor":
        return api(make_manager(cast.other_vendor))
    if role in ("support", "finance", "dispatcher", "catalogue"):
        return api(in_roles(make_user("Sam Staff", is_staff=True), role))
    if "token" in role:
        scopes = ["read"] if role.endswith("to read") else ["read", "write"]
        owner, merchant = (
            (cast.other_owner, cast.other_merchant) if role.startswith("another") else (cast.owner, cast.merchant)
        )
        _, token = make_api_token(owner, name="Till", scopes=scopes, merchant=merchant.pk, expires_at=None)
    if role == "device":
        _, code = add_device(caller_of_user(cast.owner), cast.vendor.pk, name="Board", kind="board")
        _, token = pair_device(code=code.code, address="")
    if token:
        return APIClient(headers={"Authorization": f"Bearer {token}"})
    names = {"other owner": "other_owner", "dispatcher of a company": "dispatcher"}
    return api(getattr(cast, names.get(role, role)))


def calls(cast: Cast) -> list[tuple[str, str, Any, int]]:
    """Each call with a valid body, and the status of whoever may."""
    soda, size = cast.products["soda"], cast.groups["Size"]
    empty = Category.objects.create(vendor=cast.vendor, name="Empty")
    product = {"category": soda.category_id, "name": "Water", "price": eur("2.00")}
    return [
        ("get", "products", None, 200),
        ("get", f"products/{soda.pk}", None, 200),
        ("get", "categories", None, 200),
        ("get", "option-groups", None, 200),
        ("get", "hours", None, 200),
        ("post", "products", product, 201),
        ("patch", "products", {"products": [{"plu_code": "200", "stock_change": 1}]}, 200),
        ("patch", f"products/{soda.pk}", {"price": eur("9.00")}, 200),
        ("delete", f"products/{soda.pk}", None, 204),
        ("post", "categories", {"name": "New"}, 201),
        ("patch", f"categories/{empty.pk}", {"name": "Newer"}, 200),
        ("delete", f"categories/{empty.pk}", None, 204),
        ("post", "option-groups", {"name": "New"}, 201),
        ("patch", f"option-groups/{size.pk}", {"name": "Newer"}, 200),
        ("post", f"option-groups/{size.pk}/options", {"name": "Huge"}, 201),
        ("patch", f"options/{cast.options['Large'].pk}", {"name": "Larger"}, 200),
        ("delete", f"options/{cast.options['Large'].pk}", None, 204),
        ("delete", f"option-groups/{size.pk}", None, 204),
        ("put", "hours", {"hours": [{"weekday": 0, "opens": "09:00", "closes": "12:00"}]}, 200),
    ]


@pytest.mark.parametrize("role", ROLES)
def test_each_call_by_each_role(cast: Cast, api: Api, role: str) -> None:
    client = client_of(cast, api, role)
    reads, changes = ROLES[role]
    for method, path, body, may in calls(cast):
        before = [everything(cast), list(OpeningHours.objects.values())]
        answer = getattr(client, method)(url(cast, path), body, format="json")
        expected = (reads if method == "get" else changes) or may
        assert answer.status_code == expected, (method, path, answer.content)
        is_changed = [everything(cast), list(OpeningHours.objects.values())] != before
        assert is_changed == (method != "get" and expected < 300), (method, path)


def test_who_changed_what_is_kept_with_the_token(cast: Cast) -> None:
    _, token = make_api_token(
        cast.owner, name="Till 2", scopes=["read", "write"], merchant=cast.merchant.pk, expires_at=None
    )
    soda = cast.products["soda"]
    client = APIClient(headers={"Authorization": f"Bearer {token}"})
    rows = [{"plu_code": "200", "price": eur("2.60"), "stock_change": 5}]
    assert client.patch(url(cast), {"products": rows}, format="json").status_code == 200
    kept = AuditRow.objects.order_by("pk").values_list("actor", "actor_name", "model", "field", "old", "new")
    who = (f"merchant:{cast.merchant.pk}", f"Till 2 ({token[:8]}…)")
    assert list(kept)[-2:] == [
        (*who, "vendors.product", "price", "250", "260"),
        (*who, "vendors.stock", "quantity", "10", "15"),
    ]
    assert Product.objects.get(pk=soda.pk).price == 260
