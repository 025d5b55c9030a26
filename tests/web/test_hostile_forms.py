"""Whatever is typed into a form of the back-office, or sent in its place, is refused in words: never a 500."""

import os
import random
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.test import Client

from orders.models import Account, Payment, Posting, Refund
from orders.services.paying.refunds import RefundWish, refund_order
from ordersite.accounts.callers import caller_of_user
from ordersite.core.money import Money
from tests.cast import Cast
from tests.office import posted_forms
from tests.orders.admin.test_admin_buttons import DELIVERY
from tests.orders.admin.test_admin_proofs import photographed
from tests.orders.back_office import place_order
from tests.orders.kinds import make_package_type
from tests.orders.money import Api, driven, walk
from tests.orders.online import takes_online
from tests.web.test_shown import office, path_of, rows
from vendors.models import Product

__all__ = ["office", "rows"]

pytestmark = pytest.mark.django_db

HOSTILE = [
    "\0",
    "a\0b",
    "9" * 30,
    "-1",
    str(2**31),
    str(2**63),
    "-" + "9" * 30,
    "1e400",
    "1e9",
    "NaN",
    "Infinity",
    "",
    " ",
    "x" * 100_000,
    "٣",
    "🙂<b>'\"%s{0}",
    "[]",
    "{}",
    "[" * 5000,
    '{"a": NaN}',
    "2026-13-45",
    "0001-01-01",
    "9999-12-31",
    "23:59:60",
    ["1", "x"],
    None,
]
# So many fields of each form are drawn, always the same of the same form.
FIELDS = 8
# Of a set of rows: how many it says there are.
COUNTS = ["", "x", "-1", "9" * 30, "1001", "5", None]


def post(client: Client, path: str, data: dict[str, Any]) -> int:
    """The status; what was written is checked and taken back."""
    with transaction.atomic():
        given = {name: value for name, value in data.items() if value is not None}
        status = client.post(path, given).status_code
        if connection.vendor == "postgresql" and not connection.needs_rollback:
            connection.check_constraints()
        transaction.set_rollback(True)
    return status


def check_form(client: Client, path: str, sent: dict[str, Any], values: int) -> list[tuple[str, str, str]]:
    """Sends a form with one field after the other made hostile; returns what broke."""
    broken = []
    drawn = random.Random(path.strip("0123456789"))
    names = [name for name in sent if "__prefix__" not in name]
    for name in drawn.sample(names, min(FIELDS, len(names))):
        found = COUNTS if name.endswith("_FORMS") else HOSTILE
        for value in drawn.sample(found, min(values, len(found))):
            try:
                status = post(client, path, {**sent, name: value})
            except Exception as error:
                broken.append((path, name, f"{str(value)[:20]!r} {error!r}"[:300]))
                print(broken[-1], flush=True)
                continue
            if status >= 500:
                broken.append((path, name, str(value)[:20]))
    return broken


@pytest.fixture
def values() -> int:
    return int(os.environ.get("VALUES", "1"))


def forms_of(client: Client, row: models.Model) -> dict[str, dict[str, Any]]:
    """The forms about a row, by path."""
    found = {}
    base = path_of(row).removesuffix(f"{row.pk}/change/")
    for path in (path_of(row), f"{base}add/", f"{base}{row.pk}/delete/", base):
        page = client.get(path)
        if page.status_code == 200 and (forms := posted_forms(page)):
            found[path] = forms[0][1]
    found.get(base, {}).update(
        {"action": "delete_selected", "_selected_action": str(row.pk), "index": "0", "post": "1"}
    )
    return found


def test_no_form_of_a_row_breaks(rows: dict[type[models.Model], models.Model], office: Client, values: int) -> None:
    broken = []
    for row in rows.values():
        for path, sent in forms_of(office, row).items():
            broken += check_form(office, path, sent, values)
    assert broken == []


def test_no_form_about_orders_and_money_breaks(cast: Cast, api: Api, office: Client, values: int) -> None:
    """Every form of every page of one order of each kind, and of the money that moved with them."""
    takes_online(cast.vendor)
    Product.objects.filter(pk=cast.products["cake"].pk).update(is_digital=True)
    standing = [place_order(cast, payment_method="wallet"), place_order(cast, **DELIVERY)]
    walk(cast, api, standing[0], "owner accept")
    photographed(cast)
    closed = driven(cast)
    walk(cast, api, standing[0], "owner mark_ready")
    with transaction.atomic():
        wish = RefundWish(amount=Money(100, "EUR"))
        refund_order(order_id=closed.pk, caller=caller_of_user(cast.staff), wish=wish)
    refund = Refund.objects.latest("pk")
    orders, money = "/admin/orders/order", "/admin/orders/account"
    pages = [f"{orders}/{order.pk}/{page}/" for order in (*standing, closed) for page in ("change", "items")]
    pages += [f"{orders}/{standing[1].pk}/address/", f"/admin/accounts/user/{cast.customer.pk}/password/"]
    pages += [f"{orders}/", f"{orders}/phone/", f"{orders}/phone/?vendor={cast.vendor.pk}", f"{money}/top-up/"]
    pages += [
        f"{money}/{pk}/{page}/"
        for pk in Account.objects.values_list("pk", flat=True)
        for page in ("change", "pay-out", "hand-in")
    ]
    pages += [f"{money}/payouts/", f"{money}/payouts/?who=drivers", "/admin/orders/paymentproof/"]
    pages += [f"/admin/orders/refund/{refund.pk}/change/", "/admin/orders/code/import/"]
    pages += [
        f"/admin/orders/posting/{pk}/{page}/"
        for pk in Posting.objects.values_list("pk", flat=True)[:3]
        for page in ("change", "reverse")
    ]
    pages += [f"/admin/orders/paymentproof/{Payment.objects.latest('pk').pk}/approve/"]
    pages += [f"{orders}/phone/?vendor={make_package_type(cast.vendor).vendor_id}&what=package"]
    broken, count = [], 0
    for path in pages:
        page = office.get(path, follow=True)
        assert page.status_code in (200, 403, 405), path
        for action, sent, buttons in posted_forms(page) if page.status_code == 200 else []:
            for button in buttons or [("", "")]:
                broken += check_form(office, action, {**sent, **dict([button])}, values)
                count += 1
    assert (broken, count > 20) == ([], True)
