"""Every change form of the back-office compares with what it showed: by introspection, field by field."""

import json
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, OperationalError, models, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from orders.models import StatusLabel
from ordersite.accounts.models import Address, ApiToken, User
from ordersite.backoffice.comparing import SHOWN, STALE, ComparingAdmin, ComparingForm, ComparingInline
from tests.cast import Cast, make_user
from tests.office import form_of
from vendors.models import (
    Company,
    Driver,
    Offer,
    OpeningHours,
    OptionGroup,
    PackageType,
    Product,
    Service,
    ServiceHours,
    Stock,
    Vendor,
    VendorType,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(cast: Cast) -> dict[type[models.Model], models.Model]:
    """A row of each model that has a change form, with rows below it, and others to choose instead."""
    burger = cast.products["burger"]
    burger.category.__class__.objects.create(vendor=cast.vendor, name="Specials")
    Stock.objects.create(product=burger, quantity=5)
    OpeningHours.objects.create(vendor=cast.vendor, weekday=0, opens="11:00", closes="22:00")
    service = Service.objects.create(vendor=cast.vendor, name="Catering", price=5000, at_customer=True)
    ServiceHours.objects.create(service=service, weekday=1, opens=time(9), closes=time(17))
    package = PackageType.objects.create(vendor=cast.vendor, name="Box", price=500)
    offer = Offer.objects.create(name="Autumn", kind="percentage", rate=1000, vendor=cast.vendor, max_uses=10)
    Address.objects.create(customer=cast.customer_row, address="Street 1")
    token = ApiToken.objects.create(name="Till", user=cast.owner, token_hash="f" * 64, hint="ost_abcd")
    group = Group.objects.create(name="Clerks")
    label = StatusLabel.objects.first() or StatusLabel.objects.create(name="Hot", core_status=4)
    for number in (1, 2):
        make_user(f"Other {number}")
        VendorType.objects.create(name=f"Type {number}")
        Company.objects.create(name=f"Company {number}")
    found: list[models.Model] = [cast.merchant, cast.vendor, cast.vendor.type, cast.company, cast.driver_row, burger]
    found += [
        burger.category,
        cast.groups["Size"],
        cast.options["Regular"],
        service,
        package,
        offer,
        cast.customer,
        cast.customer_row,
        token,
        group,
        label,
    ]
    return {type(row): row for row in found}


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", name="Root"))
    return client


def path_of(row: models.Model) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def shown_forms(page: Any) -> Iterator[ComparingForm]:
    """The forms of standing rows of a change page: the row's own, and those of the rows below it."""
    yield page.context["adminform"].form
    for rows in page.context["inline_admin_formsets"]:
        yield from rows.formset.initial_forms


def value_of(row: models.Model, name: str) -> Any:
    fresh = type(row)._base_manager.get(pk=row.pk)
    column: Any = row._meta.get_field(name)
    if column.many_to_many:
        return sorted(one.pk for one in getattr(fresh, name).all())
    return column.value_from_object(fresh)


def write(row: models.Model, name: str, value: Any) -> bool:
    """Writes as somebody else would; whether the table takes it."""
    try:
        with transaction.atomic():
            if row._meta.get_field(name).many_to_many:
                getattr(row, name).set(value)
            else:
                type(row)._base_manager.filter(pk=row.pk).update(**{name: value})
    except IntegrityError:
        return False
    return True


def others(row: models.Model, name: str) -> list[Any]:
    """Two values besides the one that stands."""
    column: Any = row._meta.get_field(name)
    value = value_of(row, name)
    if column.many_to_many or isinstance(column, models.ForeignKey):
        rest = column.related_model._base_manager.exclude(pk__in=value if column.many_to_many else [value])
        pks = list(rest.values_list("pk", flat=True)[:2])
        return [[pk] for pk in pks] if column.many_to_many else pks
    if column.choices:
        return [one for one, _ in column.flatchoices if one != value][:2]
    match column:
        case models.BooleanField():
            return [not value]
        case models.JSONField():
            return {"fulfilments": [["pickup"], ["eat_in"]], "payment_methods": [["wallet"], ["cash"]]}.get(name, [])
        case models.DateTimeField():
            moment = timezone.now().replace(microsecond=0)
            return [moment + timedelta(days=1), moment + timedelta(days=2)]
        case models.DateField():
            return [date(2030, 1, 1), date(2030, 1, 2)]
        case models.TimeField():
            return [time(12, 5), time(13, 5)]
        case models.IntegerField() | models.FloatField():
            return [(value or 0) + 7, (value or 0) + 8]
        case models.EmailField():
            return ["one@example.org", "two@example.org"]
        case models.ImageField():
            return ["vendors/one.png", "vendors/two.png"]
    special = {"currency": ["USD", "JPY"], "time_zone": ["Europe/Paris", "Asia/Tokyo"], "country": ["FR", "NL"]}
    return special.get(name, ["ONE", "TWO"])


def fields_of(office: Client, row: models.Model) -> list[tuple[models.Model, str, str]]:
    """Of each form of the page each compared field: its row, its name, and its name in the page."""
    forms = list(shown_forms(office.get(path_of(row))))
    return [(form.instance, name, form.add_prefix(name)) for form in forms for name in form.compared()]


def test_every_change_form_compares(rows: dict[type[models.Model], models.Model], office: Client) -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.get(email="root@example.org")
    changed = {model: one for model, one in admin.site._registry.items() if one.has_change_permission(request)}
    assert set(changed) == set(rows)
    for model, one in changed.items():
        assert isinstance(one, ComparingAdmin), model
        assert all(issubclass(inline, ComparingInline) for inline in one.inlines), model
        assert SHOWN in form_of(office.get(path_of(rows[model]))), model


def check_others_stay(office: Client, row: models.Model) -> list[str]:
    """Changes each field behind an open page's back; returns those that were written back."""
    lost = []
    for part, name, _ in fields_of(office, row):
        was, sent = value_of(part, name), form_of(office.get(path_of(row)))
        for value in others(part, name)[:1]:
            if not write(part, name, value):
                continue
            now = value_of(part, name)
            assert now != was, name
            assert office.post(path_of(row), sent).status_code in (200, 302)
            if value_of(part, name) != now:
                lost.append(f"{part._meta.label}.{name}")
            assert write(part, name, was)
    return lost


def test_what_others_changed_meanwhile_stays(rows: dict[type[models.Model], models.Model], office: Client) -> None:
    for row in rows.values():
        assert check_others_stay(office, row) == []


def test_control_without_comparing_it_is_written_back(
    rows: dict[type[models.Model], models.Model], office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = property(lambda form: False, lambda form, value: None)
    monkeypatch.setattr(ComparingForm, "compares", plain, raising=False)
    assert "vendors.Vendor.paused_until" in check_others_stay(office, rows[Vendor])
    assert {"vendors.Product.price", "vendors.Stock.quantity"} <= set(check_others_stay(office, rows[Product]))
    assert "accounts.User.is_active" in check_others_stay(office, rows[User])


def test_both_changed_is_told_and_what_was_typed_stays_typed(
    rows: dict[type[models.Model], models.Model], office: Client
) -> None:
    told = 0
    for row in rows.values():
        for part, name, html_name in fields_of(office, row):
            values = others(part, name)
            if len(values) < 2 or isinstance(part._meta.get_field(name), models.FileField):
                continue
            was, before = value_of(part, name), form_of(office.get(path_of(row)))
            if not write(part, name, values[1]):
                continue
            # As the page shows the second value, so it is typed.
            other = form_of(office.get(path_of(row)))
            typed = {
                key: other.get(key)
                for key in {*before, *other} - {SHOWN}
                if "__" not in key and other.get(key) != before.get(key)
            }
            assert write(part, name, was)
            if not typed:  # It is no choice of this form.
                continue
            sent = {**before, **typed}
            sent = {key: value for key, value in sent.items() if value is not None}
            if not write(part, name, values[0]):
                continue
            now = value_of(part, name)
            page = office.post(path_of(row), sent)
            assert page.status_code == 200, html_name
            form = next(one for one in shown_forms(page) if one.instance == part)
            assert any("Changed meanwhile: now " in error for error in form.errors[name]), (html_name, form.errors)
            assert value_of(part, name) == now
            again = form_of(page)
            assert {key: again.get(key) for key in typed} == typed
            told += 1
            # Only this field was in the way: sent again, it is written, unless it is refused for itself.
            response = office.post(path_of(row), again)
            if response.status_code == 302:
                assert value_of(part, name) not in (was, now), html_name
            else:
                assert not any("meanwhile" in str(errors) for errors in response.context["errors"]), html_name
            assert write(part, name, was)
    assert told > 100


def test_a_page_that_does_not_say_what_it_showed_is_refused(cast: Cast, office: Client) -> None:
    path = path_of(cast.vendor)
    sent = form_of(office.get(path))
    for shown in (None, "", "{", "[]", "[" * 100_000, json.dumps({f"vendors.vendor:{cast.vendor.pk}": 5})):
        given = {**sent, "city": "Ixelles", SHOWN: shown}
        page = office.post(path, {key: value for key, value in given.items() if value is not None})
        assert page.status_code == 200
        assert STALE in page.content.decode()
        assert Vendor.objects.get(pk=cast.vendor.pk).city == cast.vendor.city
    assert office.post(path, form_of(page)).status_code == 302
    assert Vendor.objects.get(pk=cast.vendor.pk).city == "Ixelles"


def test_a_row_below_that_was_deleted_added_or_changed_meanwhile(cast: Cast, office: Client) -> None:
    soda, burger = cast.products["soda"], cast.products["burger"]
    # Deleted: it does not come back.
    sent = form_of(office.get(path_of(soda)))
    Stock.objects.filter(product=soda).delete()
    page = office.post(path_of(soda), {**sent, "name": "Cola"})
    assert "This row was deleted meanwhile" in page.content.decode()
    assert not Stock.objects.filter(product=soda).exists()
    assert office.post(path_of(soda), {**form_of(page), "stock-0-DELETE": "on"}).status_code == 302
    assert (Product.objects.get(pk=soda.pk).name, Stock.objects.filter(product=soda).exists()) == ("Cola", False)
    # Added: it is not written over.
    sent = form_of(office.get(path_of(burger)))
    Stock.objects.create(product=burger, quantity=3)
    sent = {**sent, "stock-TOTAL_FORMS": "1", "stock-0-quantity": "70", "stock-0-product": str(burger.pk)}
    assert "Somebody added this meanwhile: 3." in office.post(path_of(burger), sent).content.decode()
    assert Stock.objects.get(product=burger).quantity == 3
    # Changed before it is deleted: told, and deleted when asked again.
    size, large = cast.groups["Size"], cast.options["Large"]
    sent = form_of(office.get(path_of(size)))
    OptionGroup.objects.filter(pk=size.pk).update(maximum=1)
    type(large).objects.filter(pk=large.pk).update(price=999)
    page = office.post(path_of(size), {**sent, "options-1-DELETE": "on"})
    assert "Large was changed meanwhile" in page.content.decode()
    assert type(large).objects.filter(pk=large.pk).exists()
    assert office.post(path_of(size), {**form_of(page), "options-1-DELETE": "on"}).status_code == 302
    assert not type(large).objects.filter(pk=large.pk).exists()


def test_a_row_that_is_gone_is_said(cast: Cast, office: Client) -> None:
    driver = Driver.objects.create(user=make_user("Gone"), name="Gone")
    sent = form_of(office.get(path_of(driver)))
    driver.delete()
    response = office.post(path_of(driver), sent, follow=True)
    assert "doesn’t exist. Perhaps it was deleted?" in response.content.decode()


def test_rights_given_meanwhile_stay(cast: Cast, office: Client) -> None:
    """Relations too: who saves a group's name takes nobody's right away."""
    group = Group.objects.create(name="Clerks")
    first, second = Permission.objects.all()[:2]
    group.permissions.set([first])
    sent = form_of(office.get(path_of(group)))
    group.permissions.add(second)
    assert office.post(path_of(group), {**sent, "name": "Support"}).status_code == 302
    group.refresh_from_db()
    assert (group.name, set(group.permissions.all())) == ("Support", {first, second})


def refuses(*args: Any, **kwargs: Any) -> None:
    raise OperationalError("deadlock detected")


def test_what_was_typed_stays_where_the_database_refuses(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(cast.products["burger"])
    sent = {**form_of(office.get(path)), "name": "Bürger"}
    with monkeypatch.context() as patched:
        patched.setattr(ComparingAdmin, "save_model", refuses)
        answer = office.post(path, sent)
    assert answer.status_code == 200
    assert "Somebody else saved this at the same moment" in answer.content.decode()
    again = form_of(answer)
    assert again["name"] == "Bürger"
    assert Product.objects.get(pk=cast.products["burger"].pk).name == "Burger"
    assert office.post(path, again).status_code == 302
    assert Product.objects.get(pk=cast.products["burger"].pk).name == "Bürger"


def test_a_page_that_cannot_be_read_does_not_lead_to_itself(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(cast.products["burger"])
    monkeypatch.setattr(ComparingAdmin, "get_object", refuses)
    monkeypatch.setattr(ComparingAdmin, "get_queryset", refuses)
    for one in (path, f"{path}delete/".replace("change/delete/", "delete/"), "/admin/vendors/product/"):
        assert office.get(one).status_code == 503, one
