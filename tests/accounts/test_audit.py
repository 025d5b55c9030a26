"""Who changed what of the set-up data: every write leaves its rows, by whatever door, and tells no secret."""

import re
from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from orders.models import StatusLabel, WebhookEndpoint
from orders.services.personal.erasing import erase_customer
from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.models import ApiToken, Customer, User
from ordersite.accounts.services import change_user, make_api_token
from ordersite.accounts.sign_ins import begin_sign_in
from ordersite.core.audit import HIDDEN, Audited, unrecorded
from ordersite.core.crypto import token_hash
from ordersite.core.models import AuditRow
from tests.cast import PASSWORD, Cast, make_clerk, make_user
from tests.office import change, choose, delete
from tests.orders.back_office import place_order
from tests.web.test_shown import rows
from tracking import retention
from vendors.models import (
    Company,
    DeliveryZone,
    Device,
    Dispatcher,
    Driver,
    Extra,
    Ingredient,
    Invitation,
    LateThreshold,
    Member,
    OpeningHours,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    ServiceHours,
    Station,
    Stock,
    Vendor,
    VendorType,
)
from vendors.services.devices import note_seen
from vendors.services.people import Workplace, invitation_link, invite_person
from vendors.services.stock import change_stock
from vendors.services.vendors import import_menu

__all__ = ["rows"]
pytestmark = pytest.mark.django_db

# Models that the back-office writes, and whose changes are kept elsewhere.
KEPT_ELSEWHERE = {
    "orders.order": "its history",
    "orders.refund": "its order's history",
    "orders.paymentproof": "its order's history",
    "orders.code": "the log of the back-office; issued, the order's history",
    "orders.account": "postings, which stand for ever",
    "orders.posting": "stands for ever",
    "orders.entry": "its posting, which stands for ever",
    "orders.paymentshare": "its payment: its orders' history",
    "orders.payment": "its order's history",
    "orders.purchase": "its orders' history",
    "accounts.address": "a customer's own, personal",
    "accounts.mail": "the log of the back-office",
    "accounts.declinedmail": "a reader's own choice",
    "orders.webhookdelivery": "told by itself",
    "web.auditrow": "is read alone",
}
AUDITED = [model for model in apps.get_models() if issubclass(model, Audited)]
SECRETS = ("hash", "sealed", "password", "secret", "token", "key")


def told(model: type[models.Model], *, act: str = "changed") -> list[tuple[str, str, str, str]]:
    """What was recorded of a model, the oldest first: who, field, old, new."""
    found = AuditRow.objects.filter(model=model._meta.label_lower, act=act).order_by("id")
    return list(found.values_list("actor", "field", "old", "new"))


def bearer(user: User) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {begin_sign_in(user).access}"})


@pytest.fixture
def each(rows: dict[type[models.Model], models.Model], cast: Cast) -> dict[type[models.Model], models.Model]:
    """A row of each model that is recorded."""
    vendor, burger = cast.vendor, cast.products["burger"]
    made = [
        Device.objects.create(vendor=vendor, name="Kitchen", token_hash="a" * 64),
        LateThreshold.objects.create(vendor=vendor, fulfilment="pickup"),
        Station.objects.create(vendor=vendor, name="Grill"),
        Invitation.objects.create(
            kind="staff", email="nina@example.org", merchant=cast.merchant, expires_at="2030-01-01T00:00:00Z"
        ),
        WebhookEndpoint.objects.create(url="https://hooks.example.org/a", secret_sealed="sealed", user=cast.owner),
    ]
    standing = [model.objects.first() for model in (Dispatcher, DeliveryZone, Member, Option, Extra, Ingredient)]
    standing += [model.objects.first() for model in (OpeningHours, ServiceHours, Stock, ProductOptionGroup)]
    AuditRow.objects.all().delete()
    return {**rows, **{type(row): row for row in [*made, *standing] if row is not None}, Product: burger}


# A column that may be changed alone, and what it becomes, where that is not told by its kind.
VALUES: dict[type[models.Model], tuple[str, Any]] = {
    OpeningHours: ("closes", time(21)),
    ServiceHours: ("closes", time(18)),
    VendorType: ("name", "Another type"),
}


def another_value(model: type[Audited], row: models.Model) -> tuple[str, Any]:
    """A column of a row that may be changed alone, and another value that it takes."""
    if model is Dispatcher:
        return "company_id", Company.objects.exclude(dispatchers__isnull=False).first().pk
    if model in VALUES:
        return VALUES[model]
    for field in model._meta.concrete_fields:
        left_out = field.name in (*model.unrecorded_columns, *model.secret_columns)
        if field.primary_key or field.is_relation or field.choices or field.unique or left_out:
            continue
        value = getattr(row, field.attname)
        if isinstance(field, models.BooleanField):
            return field.name, not value
        if isinstance(field, models.IntegerField | models.CharField):
            return field.name, f"{value}x" if isinstance(value, str) else value + 1
    raise AssertionError(model)


# --- every model, every way of writing ------------------------------------------------------------------------------


def test_what_the_back_office_writes_is_recorded_or_kept_elsewhere() -> None:
    request = RequestFactory().get("/admin/")
    request.user = User.objects.create_superuser("root@example.org")
    written = set()
    for page in admin.site._registry.values():
        for one in (page, *(inline(page.model, admin.site) for inline in page.inlines)):
            asked = ((one.has_add_permission, 1 if one is page else 2), (one.has_change_permission, 2))
            if any(may(*(request, None)[:count]) for may, count in (*asked, (one.has_delete_permission, 2))):
                written.add(one.model._meta.label_lower)
    recorded = {model._meta.label_lower for model in AUDITED} | {"auth.group"}
    assert written - recorded - KEPT_ELSEWHERE.keys() == set()
    assert recorded & KEPT_ELSEWHERE.keys() == set()


def test_no_secret_is_recorded() -> None:
    for model in AUDITED:
        names = {field.name for field in model._meta.concrete_fields if not field.is_relation}
        suspect = {name for name in names if any(word in name for word in SECRETS)}
        assert suspect <= model.secret_columns, model
        assert model.secret_columns | model.unrecorded_columns <= names, model


def save(row: models.Model, name: str, value: Any) -> None:
    setattr(row, name, value)
    row.save()


def save_column(row: models.Model, name: str, value: Any) -> None:
    setattr(row, name, value)
    row.save(update_fields=[name])


def update(row: models.Model, name: str, value: Any) -> None:
    assert type(row)._default_manager.filter(pk=row.pk).update(**{name: value}) == 1


def update_by_expression(row: models.Model, name: str, value: Any) -> None:
    column = type(row)._meta.get_field(name.removesuffix("_id"))
    assert isinstance(column, models.Field)
    given = Value(value, output_field=column)
    type(row)._default_manager.filter(pk=row.pk).update(**{name: Coalesce(given, F(name))})


def update_many(row: models.Model, name: str, value: Any) -> None:
    setattr(row, name, value)
    type(row)._default_manager.bulk_update([row], [name])


def write_columns(row: models.Model, name: str, value: Any) -> None:
    setattr(row, name, value)
    type(row)._default_manager.write_columns([row], [name.removesuffix("_id")])  # type: ignore[attr-defined]


WAYS = (save, save_column, update, update_by_expression, update_many, write_columns)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", AUDITED, ids=lambda model: model._meta.label_lower)
def test_each_way_of_writing_leaves_its_row(
    each: dict[type[models.Model], models.Model], model: type[Audited], way: Callable[..., None]
) -> None:
    row = each[model]
    name, new = another_value(model, row)
    old, column = getattr(row, name), name.removesuffix("_id")
    with unrecorded():
        way(model._default_manager.get(pk=row.pk), name, new)
        model._default_manager.filter(pk=row.pk).update(**{name: old})
    assert not AuditRow.objects.exists()
    way(model._default_manager.get(pk=row.pk), name, new)
    assert told(model) == [("system", column, in_text(old), in_text(new))]
    assert AuditRow.objects.get().object_id == str(row.pk)
    # What stands already changes nothing.
    model._default_manager.filter(pk=row.pk).update(**{name: new})
    assert AuditRow.objects.count() == 1


def in_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, time) else str(value)


@pytest.mark.parametrize("model", AUDITED, ids=lambda model: model._meta.label_lower)
def test_rows_that_come_and_go_are_told(
    each: dict[type[models.Model], models.Model], model: type[models.Model]
) -> None:
    row = each[model]
    label = model._meta.label_lower
    copy = model._default_manager.get(pk=row.pk)
    if model in (Station, Company, Invitation, OpeningHours, DeliveryZone, Option, Extra, Ingredient):
        copy.pk, copy._state.adding = None, True
        for name in ("name", "email"):
            if hasattr(copy, name):
                setattr(copy, name, f"x{getattr(copy, name)}")
        model._default_manager.bulk_create([copy])
        assert [one.act for one in AuditRow.objects.filter(model=label)] == ["added"]
        key = str(copy.pk)
        model._default_manager.filter(pk=copy.pk).delete()
        assert list(AuditRow.objects.filter(model=label).order_by("id").values_list("act", "object_id")) == [
            ("added", key),
            ("deleted", key),
        ]


def test_what_is_taken_along_is_told(cast: Cast) -> None:
    group = OptionGroup.objects.create(vendor=cast.vendor, name="Bread")
    Option.objects.bulk_create([Option(group=group, name=name) for name in ("White", "Brown")])
    AuditRow.objects.all().delete()
    group.delete()
    assert sorted(AuditRow.objects.values_list("model", "act", "object_name")) == [
        ("vendors.option", "deleted", "Brown"),
        ("vendors.option", "deleted", "White"),
        ("vendors.optiongroup", "deleted", "Bread"),
    ]


def test_relations_are_told(cast: Cast) -> None:
    group = Group.objects.create(name="Night shift")
    AuditRow.objects.all().delete()
    cast.customer.groups.add(group)
    cast.customer.groups.remove(group)
    cast.vendor.companies.clear()
    cast.vendor.companies.set([cast.company])
    permission = group.permissions.model.objects.first()
    group.permissions.add(permission)
    group.user_set.add(cast.stranger)
    group.name = "Day shift"
    group.save()
    assert list(AuditRow.objects.order_by("id").values_list("model", "object_id", "field", "old", "new")) == [
        ("accounts.user", str(cast.customer.pk), "groups", "", str(group.pk)),
        ("accounts.user", str(cast.customer.pk), "groups", str(group.pk), ""),
        ("vendors.vendor", str(cast.vendor.pk), "companies", str(cast.company.pk), ""),
        ("vendors.vendor", str(cast.vendor.pk), "companies", "", str(cast.company.pk)),
        ("auth.group", str(group.pk), "permissions", "", str(permission.pk)),
        ("accounts.user", str(cast.stranger.pk), "groups", "", str(group.pk)),
        ("auth.group", str(group.pk), "name", "Night shift", "Day shift"),
    ]


def test_what_changes_by_itself_leaves_no_row(cast: Cast) -> None:
    device = Device.objects.create(vendor=cast.vendor, name="Kitchen", token_hash="a" * 64)
    AuditRow.objects.all().delete()
    place_order(cast)
    change_stock({cast.products["soda"].pk: -1})
    note_seen([device])
    client = Client()
    client.post("/sign-in", {"username": cast.owner.email, "password": PASSWORD})
    assert client.get("/account").status_code == 200
    assert list(AuditRow.objects.values_list("model", "field", "act")) == []


# --- every door ---------------------------------------------------------------------------------------------------


def test_the_back_office_tells_who(cast: Cast) -> None:
    root = User.objects.create_superuser("root@example.org", name="Rita Root")
    was = cast.company.name
    _, secret = make_api_token(cast.owner, name="Till", scopes=["read"], merchant=None, expires_at=None)
    AuditRow.objects.all().delete()
    office, me = Client(), f"user:{root.pk}"
    office.force_login(root)
    change(office, f"/admin/vendors/company/{cast.company.pk}/change/", name="Fast Bikes")
    assert told(Company) == [(me, "name", was, "Fast Bikes")]
    choose(office, "/admin/accounts/apitoken/", "revoke", ApiToken.objects.all())
    assert [row[:3] for row in told(ApiToken)] == [(me, "revoked_at", "")]
    other = Company.objects.create(name="Slow Bikes")
    AuditRow.objects.all().delete()
    delete(office, f"/admin/vendors/company/{other.pk}/delete/")
    assert told(Company, act="deleted") == [(me, "", "name: Slow Bikes", "")]
    history = office.get(f"/admin/vendors/company/{cast.company.pk}/history/").content.decode()
    assert "Nothing since changes are recorded." in history
    assert not AuditRow.objects.filter(new__contains=secret).exists()


def test_the_api_tells_who(cast: Cast) -> None:
    call, me = bearer(cast.owner), f"user:{cast.owner.pk}"
    vendor, burger = f"/api/v1/vendors/{cast.vendor.pk}", cast.products["burger"]
    AuditRow.objects.all().delete()
    paused = call.patch(vendor, {"paused_until": "2030-01-01T10:00:00Z"})
    assert paused.status_code == 200, paused.content
    assert told(Vendor) == [(me, "paused_until", "", "2030-01-01T10:00:00+00:00")]
    assert call.post(f"{vendor}/products/{burger.pk}/out-of-stock", {"until": None}).status_code == 200
    assert (me, "is_available", "True", "False") in told(Product)
    made = call.post(f"{vendor}/stations", {"name": "Grill"})
    assert made.status_code == 201, made.content
    station = made.json()["id"]
    assert told(Station, act="added")[0][0] == me
    assert call.delete(f"{vendor}/stations/{station}").status_code == 204
    assert told(Station, act="deleted")[0][0] == me
    device = call.post(f"{vendor}/devices", {"name": "Kitchen", "kind": "board"})
    assert device.status_code == 201, device.content
    assert call.patch(f"{vendor}/devices/{device.json()['id']}", {"name": "Bar"}).status_code == 200
    assert told(Device) == [(me, "name", "Kitchen", "Bar")]
    hook = call.post("/api/v1/webhooks", {"url": "https://example.com/h", "types": ["order.placed"]})
    if hook.status_code == 201:
        assert hook.json()["secret"] not in "".join(AuditRow.objects.values_list("new", flat=True))
    key = call.post("/api/v1/api-tokens", {"name": "Till", "scopes": ["read"]})
    assert key.status_code == 201
    assert told(ApiToken, act="added")[0][0] == me
    assert not [text for text in AuditRow.objects.values_list("new", flat=True) if key.json()["token"] in text]
    assert not AuditRow.objects.filter(new__contains=token_hash(key.json()["token"])).exists()
    assert call.patch("/api/v1/me", {"name": "Olga O."}).status_code == 200
    assert told(User) == [(me, "name", "Olga Owner", "Olga O.")]
    # By a token of the merchant's and by a tablet the same.
    _, till = make_api_token(cast.owner, name="Server", scopes=["write"], merchant=cast.merchant.pk, expires_at=None)
    server = APIClient(headers={"Authorization": f"Bearer {till}"})
    assert server.delete(f"{vendor}/products/{burger.pk}/out-of-stock").status_code in (200, 204)
    assert (f"merchant:{cast.merchant.pk}", "is_available", "False", "True") in told(Product)
    assert AuditRow.objects.order_by("pk").values_list("actor_name", flat=True).last() == f"Server ({till[:8]}…)"
    # Which of somebody's tokens it was is told beside the name.
    _, own = make_api_token(cast.owner, name="Stock", scopes=["write"], merchant=None, expires_at=None)
    stock = APIClient(headers={"Authorization": f"Bearer {own}"})
    assert stock.post(f"{vendor}/products/{burger.pk}/out-of-stock", {"until": None}, "json").status_code == 200
    name = AuditRow.objects.order_by("pk").values_list("actor_name", flat=True).last()
    assert name == f"Olga O., by Stock ({own[:8]}…)"


def test_staff_name_statuses_and_imports_are_told(cast: Cast) -> None:
    clerk = make_clerk("accounts.act_everywhere", "orders.add_statuslabel")
    assert bearer(clerk).post("/api/v1/orders/statuses", {"name": "Hot", "core_status": 4}).status_code == 201
    assert told(StatusLabel, act="added")[-1][0] == f"user:{clerk.pk}"
    AuditRow.objects.all().delete()
    import_menu(
        vendor=cast.other_vendor, menu={"categories": [{"name": "New", "products": [{"name": "Pie", "price": 300}]}]}
    )
    assert "Pie" in AuditRow.objects.filter(model="vendors.product", act="added").values_list("object_name", flat=True)


def test_people_who_come_and_go_are_told(cast: Cast) -> None:
    member = Member.objects.create(user=make_user("Mia Manager"), merchant=cast.merchant, role="manager")
    AuditRow.objects.all().delete()
    client = Client()
    client.force_login(cast.owner)
    client.post(f"/board/{cast.vendor.pk}/people", {"act": "take_off_member", "id": member.pk})
    assert told(Member, act="deleted")[0][0] == f"user:{cast.owner.pk}"
    row = AuditRow.objects.get(model="vendors.member")
    assert row.object_name == "Mia Manager"
    assert (row.parent_model, row.parent_id) == ("vendors.merchant", str(cast.merchant.pk))
    client.post(f"/board/{cast.vendor.pk}/people", {"act": "take_off_driver", "id": cast.courier_row.pk})
    assert [one[1:3] for one in told(Driver)] == [("on_duty", "True"), ("left_at", "")]


def test_a_password_is_told_without_it(cast: Cast) -> None:
    AuditRow.objects.all().delete()
    cast.owner.set_password("another-long-passphrase")
    cast.owner.save()
    assert [row[1:] for row in told(User)] == [("password", HIDDEN, HIDDEN)]


# --- shown, searched, forgotten -------------------------------------------------------------------------------------


def test_it_is_shown_on_the_page_of_what_was_changed_and_of_what_shows_it(cast: Cast) -> None:
    office = Client()
    office.force_login(User.objects.create_superuser("root@example.org", name="Rita Root"))
    path = f"/admin/vendors/merchant/{cast.merchant.pk}/change/"
    change(office, path, name="Burger & Sons")
    Member.objects.filter(user=cast.owner).update(role="manager")
    page = office.get(f"/admin/vendors/merchant/{cast.merchant.pk}/history/").content.decode()
    for text in ("Rita Root", "Burger &amp; Sons", "manager", "owner", "system", "member Olga Owner: role"):
        assert text in page, text


def test_columns_are_called_what_pages_call_them(cast: Cast) -> None:
    office = Client()
    office.force_login(User.objects.create_superuser("root@example.org", name="Rita Root"))
    AuditRow.objects.all().delete()
    Vendor.objects.filter(pk=cast.vendor.pk).update(accept_minutes=7)
    Station.objects.create(vendor=cast.vendor, name="Grill").delete()
    list_page = office.get("/admin/web/auditrow/?q=Accept+minutes").content.decode()
    assert "accept minutes" in list_page
    assert "Grill" not in list_page
    added = AuditRow.objects.get(model="vendors.station", act="added")
    page = office.get(f"/admin/web/auditrow/{added.pk}/change/").content.decode()
    assert "accept_minutes" not in list_page + page
    # What is no model or column any more goes by its name.
    AuditRow.objects.filter(pk=added.pk).update(model="vendors.gone", new="old_name: 1")
    assert "old_name: 1" in office.get(f"/admin/web/auditrow/{added.pk}/change/").content.decode()


def test_amounts_are_told_as_money_and_rates_in_percent(cast: Cast) -> None:
    office = Client()
    office.force_login(User.objects.create_superuser("root@example.org", name="Rita Root"))
    burger = cast.products["burger"]
    AuditRow.objects.all().delete()
    Product.objects.filter(pk=burger.pk).update(price=1005, tax_rate=2150, position=7)
    Extra.objects.filter(product=burger).update(price=90)
    page = office.get(f"/admin/vendors/product/{burger.pk}/history/").content.decode()
    shown = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    told_rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in shown]
    for what, old, new in (
        ("price", "8.50 EUR", "10.05 EUR"),
        ("tax rate", "6 %", "21.5 %"),
        ("position", "0", "7"),
        ("extra Bacon: price", "1.20 EUR", "0.90 EUR"),
    ):
        assert any(row.rstrip().endswith(f" {what} {old} {new}") for row in told_rows), (what, told_rows)
    # A list of many has no currency at hand: it says that its numbers are none of euros.
    listed = office.get("/admin/web/auditrow/?q=price").content.decode()
    assert "850 minor units" in listed
    assert "1005 minor units" in listed
    assert "21.5 %" in office.get("/admin/web/auditrow/?q=tax+rate").content.decode()
    # What is added is told the same way.
    cake = Product.objects.create(vendor=cast.vendor, category=burger.category, name="Tart", price=450, tax_rate=600)
    added = office.get(f"/admin/vendors/product/{cake.pk}/history/").content.decode()
    assert "price: 4.50 EUR" in added
    assert "tax rate: 6 %" in added


def test_a_person_is_found_by_its_e_mail(cast: Cast) -> None:
    office = Client()
    office.force_login(User.objects.create_superuser("root@example.org"))
    AuditRow.objects.all().delete()
    for user in (cast.staff, cast.owner):
        who = user.caller_key
        AuditRow.objects.create(actor=who, act="changed", model="vendors.vendor", object_id="1", field="name")
    for typed, found in ((cast.staff.email, 1), (f" {cast.owner.email.upper()} ", 1), ("nobody@example.org", 0)):
        page = office.get("/admin/web/auditrow/", {"q": typed})
        assert page.context["cl"].result_count == found, typed


def test_who_accepts_an_invitation_is_told(cast: Cast) -> None:
    place = Workplace(vendor=Vendor.objects.select_related("merchant").get(pk=cast.vendor.pk))
    row = invite_person(caller_of_user(cast.owner), place, email="nina@example.org", kind="staff")
    AuditRow.objects.all().delete()
    typed = {"name": "Nina New", "phone": "", "password": PASSWORD}
    assert Client().post(invitation_link(row), typed).status_code == 302
    new = User.objects.get(email="nina@example.org")
    assert set(AuditRow.objects.values_list("actor", "actor_name")) == {(f"user:{new.pk}", "Nina New")}
    assert told(Member, act="added")[0][0] == f"user:{new.pk}"
    # Erased, the person is named by nothing that was kept of its membership.
    Member.objects.filter(user=new).delete()
    customer = Customer.objects.create(user=new, name="Nina New", email=new.email)
    erase_customer(customer.pk)
    assert set(AuditRow.objects.filter(model="vendors.member").values_list("object_name", "old", "new")) == {
        ("", "", "")
    }


def test_it_is_searched_by_person_object_field_and_time(cast: Cast, django_assert_max_num_queries: Any) -> None:
    AuditRow.objects.all().delete()
    for number in range(30):
        AuditRow.objects.create(
            actor=f"user:{number % 3}",
            actor_name=f"Person {number % 3}",
            act="changed",
            model="vendors.vendor" if number % 2 else "vendors.product",
            object_id=str(number),
            object_name=f"Thing {number}",
            field="name" if number % 5 else "price",
            old="a",
            new="b",
        )
    office = Client()
    office.force_login(User.objects.create_superuser("root@example.org"))
    AuditRow.objects.filter(model="accounts.user").delete()
    path = "/admin/web/auditrow/"
    counts = {
        "": 30,
        "?q=user:1": 10,
        "?q=%22Person+2%22": 10,
        "?q=%22Thing+7%22": 1,
        "?q=price": 6,
        "?q=2+pers": 10,
        "?q=7": 1,
        "?model=vendors.vendor": 15,
    }
    counts |= {"?act=added": 0, "?q=nobody": 0}
    for query, count in counts.items():
        with django_assert_max_num_queries(15):
            page = office.get(path + query)
        assert page.context["cl"].result_count == count, query
    row = AuditRow.objects.first()
    assert office.get(f"{path}{row.pk}/change/").status_code == 200
    for name in ("add/", f"{row.pk}/delete/"):
        assert office.get(path + name).status_code == 403
    assert office.post(f"{path}{row.pk}/change/", {"old": "x"}).status_code == 403


@pytest.mark.postgres
def test_each_part_of_a_search_has_its_index(cast: Cast) -> None:
    request = RequestFactory().get("/admin/web/auditrow/")
    page = admin.site._registry[AuditRow]
    found, _ = page.get_search_results(request, AuditRow.objects.order_by(), "accept minutes")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = found.explain()
    names = ("audit_by_actor", "audit_of_key", "audit_of_field", "audit_actor_words", "audit_object_words")
    assert [name for name in names if name not in plan] == [], plan


def test_who_lacks_the_right_does_not_see_it(cast: Cast) -> None:
    client = Client()
    table = {
        (): 403,
        ("accounts.act_everywhere",): 403,
        ("web.view_auditrow",): 403,
        ("accounts.act_everywhere", "web.view_auditrow"): 200,
    }
    for number, (rights, status) in enumerate(table.items()):
        client.force_login(make_clerk(*rights, name=f"Clerk {number}"))
        assert client.get("/admin/web/auditrow/").status_code == status, rights


def test_what_names_an_erased_person_goes_from_it(cast: Cast) -> None:
    change_user(cast.stranger, name="Stijn Secret", phone="+32470999999")
    Customer.objects.filter(pk=cast.stranger_row.pk).update(email="stijn.secret@example.org")
    make_api_token(cast.stranger, name="Stijn Secret's", scopes=["read"], merchant=None, expires_at=None)
    client = bearer(cast.stranger)
    assert client.patch("/api/v1/me", {"name": "Stijn Secret II"}).status_code == 200
    before = AuditRow.objects.count()
    erase_customer(cast.stranger_row.pk)
    texts = [str(list(row.values())) for row in AuditRow.objects.values("actor_name", "object_name", "old", "new")]
    assert not [text for text in texts if "Stijn" in text or "stijn" in text or "999999" in text]
    # That it was changed, and by whom, stays.
    assert AuditRow.objects.count() >= before
    assert AuditRow.objects.filter(actor=f"user:{cast.stranger.pk}", field="name").exists()


def test_it_is_kept_as_long_as_is_set(cast: Cast, settings: Any) -> None:
    Company.objects.filter(pk=cast.company.pk).update(name="New")
    assert retention.prune_audit() == 0
    AuditRow.objects.update(at="2020-01-01T00:00:00Z")
    count = AuditRow.objects.count()
    assert retention.prune_audit() == count > 0
