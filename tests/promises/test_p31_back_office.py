"""Promise 31 in the back-office: every page asks for its right, and shows the rows of one's own vendors alone."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from orders.models import Account, Booking, Code, DayReport, Order, OrderEvent, Package, Payment, Posting, Refund
from ordersite.accounts.models import User
from ordersite.accounts.rights import Right
from ordersite.accounts.roles import ROLES
from ordersite.accounts.scoping import EverywhereAdmin
from tests.cast import Cast, in_roles, make_clerk, make_manager, make_user
from tests.office import posted_forms
from tests.orders.shopping import assert_nothing_changed
from tests.promises.acts import BUTTONS
from tests.promises.everybody import World, make_world
from tests.promises.test_p16_nobody_sees_anothers import PUBLIC_PAGES, admin_pages
from vendors.admin.scoping import ScopedAdmin
from vendors.models import Category, Dispatcher, Driver, Member, Offer, Option, OptionGroup, Vendor
from vendors.permissions import CARRIERS, MEMBERS

ACTS = Right.ACT_EVERYWHERE
# Open to everybody who may enter; none of them shows a row.
FOR_ALL = {"/admin/", "/admin/password_change/", "/admin/password_change/done/"} | PUBLIC_PAGES
STANDARD = ("changelist", "add", "history", "delete", "change")
READS = (
    "accounts_mail_kinds",
    "orders_order_bulk_list",
    "orders_order_export_csv",
    "orders_order_file",
    "orders_order_file_fetch",
    "orders_order_paper",
    "orders_order_paper_pdf",
    "orders_issueddocument_export_csv",
    "orders_issueddocument_file",
    "orders_issueddocument_file_fetch",
    "orders_account_payouts",
    "orders_account_open_payments",
    "orders_account_commission",
    "orders_account_ledger",
    "orders_account_statement",
    "orders_payment_providers",
    "orders_account_file",
    "orders_account_file_fetch",
    "orders_paymentproof_photo",
    "vendors_menu_export_csv",
    "vendors_menu_export_xlsx",
)


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def named_pages() -> Iterator[tuple[str, Any]]:
    """Every page of the back-office that has a name, with its pattern."""

    def walk(patterns: list[Any]) -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                if pattern.name:
                    yield pattern.name, pattern
            else:
                yield from walk(pattern.url_patterns)

    yield from walk(admin.site.get_urls())


def standard_names() -> set[str]:
    models = [model._meta for model in admin.site._registry]
    return {f"{meta.app_label}_{meta.model_name}_{page}" for meta in models for page in STANDARD}


def test_no_page_is_missing_from_the_table() -> None:
    of_the_site = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n"}
    of_the_site |= {"view_on_site", "app_list"}
    assert {name for name, _ in named_pages()} == standard_names() | of_the_site | BUTTONS.keys()


def test_is_staff_alone_opens_nothing(world: World, figure: Callable[[str], None]) -> None:
    clerk = make_clerk()
    client = client_of(clerk)
    pages = [page for page in admin_pages(admin.site.get_urls()) if page not in FOR_ALL]
    with assert_nothing_changed():
        for page in pages:
            for answer in (client.get(page), client.post(page)):
                # An address without "change/" leads to the one with it, which is refused; of no row to the first page.
                leads_on = answer.status_code == 302 and answer["Location"] in (f"{page}change/", "/admin/")
                assert leads_on or answer.status_code in (403, 404, 405), (page, answer.status_code)
    index = client.get("/admin/").content.decode()
    assert not [text for text in ("What needs you now", "comment-of-", "/admin/orders/") if text in index]
    figure(f"{len(pages)} pages of the back-office refused to is_staff alone")


@pytest.mark.parametrize("name", BUTTONS)
def test_a_button_asks_for_its_rights(world: World, name: str) -> None:
    url, needed = address_of(world, name), BUTTONS[name]
    ask = "get" if name in READS else "post"
    exactly = client_of(make_clerk(Right.ACT_EVERYWHERE, *needed, name="Exa Ctly"))
    with transaction.atomic():
        assert getattr(exactly, ask)(url).status_code != 403
        transaction.set_rollback(True)
    held = {*Right, *(right for rights in BUTTONS.values() for right in rights)}
    if name == "orders_paymentproof_photo":
        held -= {Right.CHECK_PAYMENTS}  # who may change photos may look at them
    for missing in needed:
        other = client_of(make_clerk(*(held - {missing}), name=f"Not {missing}"))
        with assert_nothing_changed():
            assert getattr(other, ask)(url).status_code == 403, missing


def address_of(world: World, name: str) -> str:
    """The page of a row that stands; for what has none, of an id that no row has."""
    pattern = next(pattern for known, pattern in named_pages() if known == name)
    account = Account.objects.get_or_create(
        name="vendor:test", kind="vendor", currency="EUR", vendor=world.cast.vendor
    )[0]
    values = {
        "order_id": world.orders["claras"].pk,
        "payment_id": world.paths["own"]["payment_id"],
        "proof_id": Payment.objects.get(pk=world.paths["own"]["payment_id"]).proofs.get().pk,
        "account_id": account.pk,
        "posting_id": Posting.objects.first().pk,
        "refund_id": 10**6,
        "code_id": 10**6,
        "vendor_id": world.cast.vendor.pk,
        "paper": "ticket",
        "bulk_id": "00000000-0000-4000-8000-000000000000",
        "export_id": "00000000-0000-4000-8000-000000000000",
        "customer_id": world.cast.customer_row.pk,
        "user_id": world.cast.customer.pk,
        "upload_id": "00000000-0000-4000-8000-000000000000",
        "endpoint_id": 10**6,
        "device_id": 10**6,
        "act": "test",
        "name": "nobody",
        "id": world.cast.customer.pk,
    }
    taken = {key: values[key] for key in pattern.pattern.converters}
    return reverse(f"admin:{name}", kwargs=taken)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_the_pages_of_its_rights(world: World, role: str) -> None:
    held = ROLES[role]
    person = make_manager(world.cast.vendor) if role == "vendor manager" else in_roles(make_clerk(), role)
    client = client_of(person)
    for model, page in admin.site._registry.items():
        label, name = model._meta.app_label, model._meta.model_name
        sees = bool({f"{label}.view_{name}", f"{label}.change_{name}"} & held)
        if isinstance(page, EverywhereAdmin) and "accounts.act_everywhere" not in held:
            sees = False
        url = reverse(f"admin:{label}_{name}_changelist")
        assert client.get(url).status_code == (200 if sees else 403), url
        adds = sees and f"{label}.add_{name}" in held
        if not adds:
            assert client.get(f"{url}add/").status_code == 403, url


# --- rows that give rights ---------------------------------------------------------------------------------------

GIVING = {
    "member": (MEMBERS, "/admin/vendors/merchant/{merchant}/change/", "members"),
    "dispatcher": (CARRIERS, "/admin/vendors/company/{company}/change/", "dispatchers"),
    "driver": (CARRIERS, "/admin/vendors/company/{company}/change/", "drivers"),
}
FIELDS = {
    "member": {"role": "owner", "all_vendors": "on"},
    "dispatcher": {},
    "driver": {"name": "Dora", "phone": "+32470123456"},
}


@pytest.mark.parametrize("kind", GIVING)
def test_who_makes_a_row_holds_what_it_amounts_to(cast: Cast, kind: str) -> None:
    """By the page of what it belongs to; a lacking right leaves all as it was."""
    rights, path, prefix = GIVING[kind]
    url = path.format(merchant=cast.merchant.pk, company=cast.company.pk)
    page = "merchant" if kind == "member" else "company"
    opens = [f"vendors.change_{page}", *(f"vendors.{do}_{kind}" for do in ("view", "add", "change")), ACTS]
    opens += ["accounts.view_user"]
    for number, missing in enumerate([*sorted(rights), None]):
        clerk = make_clerk(*{*opens, *rights} - {missing}, name=f"Clerk {number}")
        somebody = make_user(f"New {number}")
        client = client_of(clerk)
        answer = client.get(url)
        if missing == ACTS:
            assert answer.status_code == 403
            continue
        assert answer.status_code == 200
        sent = posted_forms(answer)[0][1]
        rows = int(sent.get(f"{prefix}-INITIAL_FORMS", 0))
        new = {f"{prefix}-{rows}-{name}": value for name, value in FIELDS[kind].items()}
        sent |= {**new, f"{prefix}-{rows}-user": str(somebody.pk), f"{prefix}-TOTAL_FORMS": str(rows + 1)}
        sent |= {f"{prefix}-INITIAL_FORMS": str(rows), "_save": "Save"}
        before = list(Member.objects.order_by("pk").values())
        # A standing membership that would become an owner's, too.
        sent |= {f"{prefix}-{row}-role": "manager" for row in range(rows) if kind == "member"}
        assert client.post(url, sent).status_code in (200, 302)
        made = {"member": Member, "dispatcher": Dispatcher, "driver": Driver}[kind].objects.filter(user=somebody)
        assert made.count() == (missing is None), missing
        if missing is not None:
            assert list(Member.objects.order_by("pk").values()) == before
        elif kind == "member":
            assert Member.objects.get(pk=before[0]["id"]).role == "manager"


def test_who_a_driver_is_stays_and_a_driver_is_made_with_what_it_may_do(cast: Cast) -> None:
    pages = ["vendors.view_driver", "vendors.add_driver", "vendors.change_driver", "vendors.view_company"]
    row, url = Driver.objects.get(user=cast.driver), "/admin/vendors/driver/"
    somebody = make_user("Nobody Else")
    lacking = client_of(make_clerk(*pages, ACTS, Right.VIEW_ORDERS, name="Lack Ing"))
    assert lacking.get(f"{url}add/").status_code == 403
    for client in (lacking, client_of(cast.staff), client_of(make_clerk(*pages, *CARRIERS, name="Hol Ding"))):
        answer = client.get(f"{url}{row.pk}/change/")
        sent = posted_forms(answer)[0][1]
        assert "user" not in sent
        assert ("company" in sent) == (client is not lacking)
        sent |= {"user": str(somebody.pk), "name": "Renamed", "_save": "Save"}
        if client is lacking:
            sent |= {"company": "", "vendor": str(cast.vendor.pk)}
        assert client.post(f"{url}{row.pk}/change/", sent).status_code == 302
        now = Driver.objects.get(pk=row.pk)
        assert (now.user, now.company, now.vendor, now.name) == (cast.driver, row.company, row.vendor, "Renamed")
        Driver.objects.filter(pk=row.pk).update(name=row.name)
    holding = client_of(make_clerk(*pages, *CARRIERS, name="Also Holding"))
    assert holding.get(f"{url}add/").status_code == 200


# --- by vendor ----------------------------------------------------------------------------------------------------


def furnish(vendor: Vendor, order: Order) -> None:
    """A row of every kind for a vendor."""
    group = OptionGroup.objects.create(vendor=vendor, name=f"group of {vendor}")
    Option.objects.create(group=group, name=f"option of {vendor}")
    Category.objects.get_or_create(vendor=vendor, name=f"category of {vendor}")
    Offer.objects.create(vendor=vendor, name=f"offer of {vendor}", kind="amount", amount=100, currency=vendor.currency)
    user = User.objects.create_user(f"courier{vendor.pk}@example.org", None)
    Driver.objects.create(vendor=vendor, user=user, name=f"courier of {vendor}")
    product = vendor.products.first()
    assert product is not None
    Code.objects.create(product=product, sealed="x", fingerprint=f"print of {vendor}", last4="1", batch="b")
    Account.objects.create(name=f"vendor:{vendor.pk}:EUR", kind="vendor", currency="EUR", vendor=vendor)
    OrderEvent.objects.create(order=order, number=900, kind="note", actor="test", role="vendor", visible_to="business")
    OrderEvent.objects.create(order=order, number=901, kind="note", actor="test", role="staff", visible_to="staff")
    payment = Payment.objects.get(shares__order=order)
    Refund.objects.create(order=order, payment=payment, amount=1, state="done", to="source")
    Package.objects.create(order=order, type_name="Box", weight=1, pickup_lat=50.8, pickup_lng=4.3)
    now = timezone.now()
    service = vendor.services.first()
    Booking.objects.create(
        order=order, service=service, service_name="x", starts_at=now, ends_at=now + timedelta(hours=1)
    )
    content: dict[str, Any] = {"methods": [], "sales": [], "refunds": [], "still_open": [], "tail": []}
    content |= {"tips": 0, "orders": 0, "cancelled": 0, "cancelled_total": 0}
    content |= {"vendor": vendor.name, "time_zone": vendor.time_zone}
    DayReport.objects.create(
        vendor=vendor, number=1, day=now.date(), since=now, currency="EUR", expected=0, counted=0, content=content
    )


@pytest.fixture
def sides(world: World) -> World:
    for name in ("claras", "stijns"):
        furnish(world.orders[name].vendor, world.orders[name])
    return world


def scoped_pages() -> Iterator[tuple[Any, ScopedAdmin]]:
    for model, page in admin.site._registry.items():
        if isinstance(page, ScopedAdmin):
            yield model, page


def test_every_page_is_of_a_vendor_or_for_who_acts_everywhere(sides: World) -> None:
    """Somebody with every permission but ACT_EVERYWHERE, who works nowhere, sees no row on any page."""
    clerk = make_clerk()
    clerk.user_permissions.set(Permission.objects.exclude(codename="act_everywhere"))
    client = client_of(clerk)
    for model, page in admin.site._registry.items():
        answer = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        if isinstance(page, ScopedAdmin):
            assert (answer.status_code, list(answer.context["cl"].queryset)) == (200, []), model
        elif model is not Group and model._meta.app_label != "token_blacklist":
            assert isinstance(page, EverywhereAdmin), model
            assert answer.status_code == 403, model


def test_a_manager_sees_the_rows_of_its_vendors_alone(sides: World, figure: Callable[[str], None]) -> None:
    cast = sides.cast
    manager = make_manager(cast.vendor)
    manager.user_permissions.set(Permission.objects.exclude(codename="act_everywhere"))
    client = client_of(manager)
    rows = 0
    for model, page in scoped_pages():
        base = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        of = page.vendor_path
        others = model._base_manager.exclude(**{of: cast.vendor.pk})
        assert others.filter(**{of: cast.other_vendor.pk}).exists(), model
        listed = client.get(base).context["cl"].queryset
        assert listed.exists(), model
        assert not listed.exclude(**{of: cast.vendor.pk}).exists(), model
        with assert_nothing_changed():
            for row in others:
                for path in ("change", "history", "delete"):
                    for answer in (client.get(f"{base}{row.pk}/{path}/"), client.post(f"{base}{row.pk}/{path}/")):
                        assert answer.status_code in (302, 403, 404), (model, path, answer.status_code)
                        assert answer.status_code != 302 or answer["Location"] in (base, "/admin/"), (model, path)
                rows += 1
        found = client.get(f"{base}?q={cast.other_vendor.name}")
        assert b"Tea House</a>" not in found.content
    figure(f"{rows} rows of others on no list, page or history of a vendor manager")


def test_choosers_and_filters_offer_a_manager_its_own_alone(sides: World) -> None:
    cast, client = sides.cast, client_of(make_manager(sides.cast.vendor))
    for model, field in (("product", "vendor"), ("product", "category"), ("productoptiongroup", "group")):
        url = f"/admin/autocomplete/?app_label=vendors&model_name={model}&field_name={field}&term="
        found = [row["text"] for row in client.get(url).json()["results"]]
        assert found, (model, field)
        assert not [text for text in found if "Tea" in text], (model, field)
    for page in ("orders/order", "vendors/product", "vendors/offer", "orders/code"):
        assert "Tea House" not in client.get(f"/admin/{page}/").content.decode(), page
    for parameter in (f"vendor={cast.other_vendor.pk}", f"vendor__id__exact={cast.other_vendor.pk}"):
        for page in ("orders/order", "vendors/product"):
            shown = client.get(f"/admin/{page}/?{parameter}", follow=True).content.decode()
            assert not [text for text in ("Tea House", "Green tea") if text in shown], (page, parameter)
    assert "Tea House" not in client.get("/admin/").content.decode()
    assert "Tea House" not in client.get("/admin/orders/account/payouts/").content.decode()
    assert client.get("/admin/orders/order/phone/", {"vendor": cast.other_vendor.pk}).context["form"].errors


def test_actions_of_a_manager_pass_others_rows_by(sides: World) -> None:
    cast, client = sides.cast, client_of(make_manager(sides.cast.vendor))
    theirs = sides.orders["stijns"]
    offer = Offer.objects.get(vendor=cast.other_vendor)
    with assert_nothing_changed(theirs):
        for action in ("accept", "mark_ready", "look_for_driver", "cancel_by_staff"):
            data = {"action": action, "_selected_action": theirs.pk, "confirmed": "1", "reason_code": "other"}
            client.post("/admin/orders/order/", {**data, "reason": "x"})
        client.post("/admin/vendors/offer/", {"action": "switch_off", "_selected_action": offer.pk})
        client.post(
            "/admin/vendors/product/", {"action": "delete_selected", "_selected_action": cast.tea.pk, "post": "yes"}
        )
    offer.refresh_from_db()
    assert offer.is_active
    for button in ("move", "driver", "tracking-number", "note", "payment-link", "refund", "decide-change"):
        with assert_nothing_changed(theirs):
            client.post(
                f"/admin/orders/order/{theirs.pk}/{button}/", {"transition": "accept", "version": theirs.version}
            )


def test_a_manager_gives_no_row_to_another_vendor(sides: World) -> None:
    cast, client = sides.cast, client_of(make_manager(sides.cast.vendor))
    form = {"name": "Foreign", "position": "0", "vendor": cast.other_vendor.pk}
    with assert_nothing_changed():
        assert client.post("/admin/vendors/category/add/", form).status_code == 200
    assert client.post("/admin/vendors/category/add/", {**form, "vendor": cast.vendor.pk}).status_code == 302


def test_an_order_tells_a_manager_what_its_vendor_may_know(sides: World) -> None:
    order = sides.orders["claras"]
    page = client_of(make_manager(sides.cast.vendor)).get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "comment-of-claras" in page
    assert "for staff only" not in page
    assert "clearing::" not in page  # the platform's ledger
    assert order.collection_code not in page  # the customer's, of a delivery


def test_control_without_the_limit_of_rows_it_is_found(sides: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vendors.admin.scoping.within", lambda request, rows, vendor_path: rows)
    with pytest.raises(AssertionError):
        test_a_manager_sees_the_rows_of_its_vendors_alone(sides, print)


def test_control_where_is_staff_is_enough_it_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "has_perm", lambda self, perm, obj=None: self.is_staff)
    with pytest.raises(AssertionError):
        test_is_staff_alone_opens_nothing(world, print)
