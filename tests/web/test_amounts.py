"""Amounts and rates on every form and page of the back-office: typed and shown as money and percent."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.validators import MaxValueValidator
from django.db import models
from django.test import Client, RequestFactory
from django.test.utils import isolate_apps

from ordersite.accounts.models import User
from ordersite.backoffice.amounts import AmountsAdmin
from ordersite.core.amount_columns import AmountColumn, AmountField, NumberColumn, PercentField, RateColumn
from ordersite.core.money import MoneyError, percent_text, read_percent, read_typed, to_text
from tests.cast import Cast
from tests.office import form_of
from tests.orders.kinds import make_package_type, make_service
from vendors.models import DeliveryZone, Extra, Offer, OpeningHours, Option, OptionGroup, Product, Vendor

# --- what is typed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("14.50", "EUR", 1450),
        ("14,50", "EUR", 1450),
        ("14,5", "EUR", 1450),
        ("14", "EUR", 1400),
        (" 14.50 ", "EUR", 1450),
        ("1 234,50", "EUR", 123450),
        ("1\u202f234,50", "EUR", 123450),
        ("1\u00a0234\u2009567.05", "EUR", 123456705),
        ("1234.5", "EUR", 123450),
        ("0", "EUR", 0),
        ("500", "JPY", 500),
        ("1 500", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("1,25", "KWD", 1250),
        ("10 000 000 000.00", "EUR", 10**12),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, currency: str, minor: int) -> None:
    assert read_typed(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        (
            "1.234",
            "EUR",
            "EUR has 2 digits after the decimal point or comma: between thousands write a space, or nothing.",
        ),
        ("1,234", "EUR", "EUR has 2 digits after the decimal point or comma"),
        ("14.505", "EUR", "EUR has 2 digits after the decimal point or comma"),
        ("14.500", "EUR", "EUR has 2 digits after the decimal point or comma"),
        ("5.40", "JPY", "JPY has no digits after the decimal point or comma"),
        ("1.2345", "KWD", "KWD has 3 digits after the decimal point or comma"),
        ("1,234.5,6", "EUR", "is not clear"),
        ("1,234.50", "EUR", "is not clear"),
        ("1.234,50", "EUR", "is not clear"),
        ("1 23.00", "EUR", "is not clear"),
        ("12 34", "EUR", "is not clear"),
        ("14 .50", "EUR", "is not clear"),
        ("14.", "EUR", "is not clear"),
        (".5", "EUR", "is not clear"),
        ("", "EUR", "is not clear"),
        ("NaN", "EUR", "is not clear"),
        ("Infinity", "EUR", "is not clear"),
        ("1e3", "EUR", "is not clear"),
        ("٣٫٥", "EUR", "is not clear"),
        ("١٤", "EUR", "is not clear"),
        ("14.50 EUR", "EUR", "is not clear"),
        ("€14", "EUR", "is not clear"),
        ("+14", "EUR", "is not clear"),
        ("1_000", "EUR", "is not clear"),
        ("14\x00", "EUR", "is not clear"),
        ("1" * 100_000, "EUR", "is not clear"),
        ("9" * 30, "EUR", "The amount is too large: at most 10000000000.00 EUR."),
        ("-1", "EUR", "The amount must not be below zero."),
        ("\u22121", "EUR", "The amount must not be below zero."),
    ],
)
def test_what_is_not_clear_is_refused(text: str, currency: str, why: str) -> None:
    with pytest.raises(MoneyError, match=re.escape(why)):
        read_typed(text, currency)


def test_the_refusal_shows_how_to_write_it() -> None:
    for currency, example in (("EUR", '"1234.50"'), ("JPY", '"1234"'), ("KWD", '"1234.500"')):
        with pytest.raises(MoneyError, match=f"write an amount such as {example}"):
            read_typed("x", currency)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("6", 600), ("6.00", 600), ("21,5 %", 2150), ("21.55%", 2155), ("0", 0), ("100", 10_000), ("5,5\u00a0%", 550)],
)
def test_a_rate_is_read_as_people_write_it(text: str, rate: int) -> None:
    assert read_percent(text) == rate
    assert read_percent(percent_text(rate)) == rate


@pytest.mark.parametrize(
    "text", ["100.01", "600", "-1", "6.005", "1,234.5", "6 % %", "%", "", "NaN", "1e1", "٦", "9" * 30]
)
def test_no_rate_is_guessed(text: str) -> None:
    with pytest.raises(MoneyError):
        read_percent(text)


# --- every form -------------------------------------------------------------------------------------------------


def forms_of_the_back_office() -> Iterator[tuple[type[models.Model], type[forms.BaseForm]]]:
    """Every form of a model that an admin, or an inline of one, makes."""
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    for model, model_admin in admin.site._registry.items():
        if model_admin.has_add_permission(request) or model_admin.has_change_permission(request):
            yield model, model_admin.get_form(request)
        for inline in model_admin.get_inline_instances(request):
            yield inline.model, inline.get_formset(request).form


def faults_in(model: type[models.Model], form: Any) -> list[str]:
    """The fields that look like money or a rate, and are not typed as such. Looks at the columns, not at the marker."""
    faults = []
    for name, field in form.base_fields.items():
        column = next((one for one in model._meta.get_fields() if one.name == name), None)
        if isinstance(column, models.BigIntegerField) and not isinstance(field, AmountField):
            faults.append(name)
        words = f"{field.label} {field.help_text}".lower()
        limits = [one.limit_value for one in getattr(column, "_validators", []) if isinstance(one, MaxValueValidator)]
        if (10_000 in limits or "percent" in words or name.endswith("rate")) and type(field) is forms.IntegerField:
            faults.append(name)
        if "minor unit" in words or "hundredth" in words:
            faults.append(name)
    return faults


@pytest.mark.django_db
def test_every_form_has_the_fields_of_money_and_percent() -> None:
    for model, form in forms_of_the_back_office():
        assert faults_in(model, form) == [], form


@isolate_apps("vendors")
def test_control_a_column_without_the_marker_is_found() -> None:
    class Plain(models.Model):
        price = models.PositiveBigIntegerField(help_text="In minor units.")
        tip = models.BigIntegerField()
        tax = models.PositiveIntegerField(validators=[MaxValueValidator(10_000)])
        tax_rate = models.PositiveIntegerField()
        count = models.PositiveIntegerField()

        class Meta:
            app_label = "vendors"

        def __str__(self) -> str:
            return ""

    plain = forms.modelform_factory(Plain, fields="__all__")
    assert faults_in(Plain, plain) == ["price", "price", "tip", "tax", "tax_rate"]


def test_no_list_shows_a_number_of_minor_units(cast: Cast) -> None:
    for model_admin in admin.site._registry.values():
        big = {one.name for one in model_admin.model._meta.concrete_fields if isinstance(one, models.BigIntegerField)}
        request = RequestFactory().get("/")
        request.user = cast.staff
        shown = model_admin.get_list_display(request)
        assert not (big - {"id"}) & set(shown), model_admin


# --- every column, on its page ----------------------------------------------------------------------------------


def columns_of(kind: type[NumberColumn]) -> set[tuple[str, str]]:
    return {
        (model.__name__, column.name)
        for model in admin.site._registry | dict.fromkeys(row[0] for row in forms_of_the_back_office())
        for column in model._meta.concrete_fields
        if isinstance(column, kind)
    }


def make_rows(cast: Cast, currency: str) -> dict[str, models.Model]:
    """A row of everything that has a price or a rate, with values everywhere; the pages on which they are edited."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(currency=currency)
    burger, size = cast.products["burger"], cast.groups["Size"]
    Extra.objects.filter(product=burger).delete()
    Extra.objects.create(product=burger, name="Bacon")
    DeliveryZone.objects.filter(vendor=cast.vendor).delete()
    DeliveryZone.objects.create(vendor=cast.vendor, name="Near", radius=1000)
    OpeningHours.objects.filter(vendor=cast.vendor).delete()
    OpeningHours.objects.create(vendor=cast.vendor, weekday=1, opens="11:00", closes="12:00")
    off = {"name": "Off", "currency": currency, "vendor": cast.vendor}
    rows: dict[str, models.Model] = {
        "vendor": cast.vendor,
        "product": burger,
        "optiongroup": size,
        "packagetype": make_package_type(cast.vendor),
        "service": make_service(cast.vendor),
        "offer": Offer.objects.create(kind="amount", amount=1, **off),
    }
    every: list[models.Model] = [*rows.values(), *size.options.all(), *burger.extras.all()]
    every += [*cast.vendor.delivery_zones.all(), *cast.vendor.opening_hours.all()]
    for row in every:
        for column in row._meta.concrete_fields:
            if isinstance(column, NumberColumn) and (type(row), column.name) != (Offer, "rate"):
                value = 1450 if isinstance(column, AmountColumn) else 2150
                type(row)._default_manager.filter(pk=row.pk).update(**{column.name: value})
    return rows


def number_fields(response: Any, kind: type[forms.Field]) -> Iterator[forms.BoundField]:
    context = response.context
    inlines = [form for rows in context["inline_admin_formsets"] for form in rows.formset.forms]
    for form in [context["adminform"].form, *inlines]:
        if form.instance.pk:
            yield from (bound for bound in form if isinstance(bound.field, kind))


def spread(text: str) -> str:
    """14500.25 → "14 500,25", with a space that no keyboard has."""
    whole, _, rest = text.partition(".")
    return f"{int(whole):,}".replace(",", "\u202f") + (f",{rest}" if rest else "")


@pytest.mark.django_db
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_every_amount_is_shown_and_typed_in_its_currency(cast: Cast, office: Client, currency: str) -> None:
    seen, number = set(), 1_450_025
    for name, row in make_rows(cast, currency).items():
        path = f"/admin/vendors/{name}/{row.pk}/change/"
        page = office.get(path)
        wanted: dict[tuple[models.Model, str], int] = {}
        typed: dict[str, str] = {}
        for bound in number_fields(page, AmountField):
            assert bound.value() == to_text(1450, currency), bound
            assert f"{currency}</span>" in str(bound)
            number += 1
            typed[bound.html_name], wanted[bound.form.instance, bound.name] = spread(to_text(number, currency)), number  # type: ignore[attr-defined]
        before = form_of(page)
        # Sent as it stands, nothing changes; with one digit too many, neither, and each field says so.
        assert office.post(path, before).status_code == 302
        wrong = office.post(path, {**before, **{name: f"{text.split(',')[0]},0001" for name, text in typed.items()}})
        assert wrong.status_code == 200
        assert sum(currency in str(bound.errors) for bound in number_fields(wrong, AmountField)) == len(typed)
        for (one, column), _ in wanted.items():
            assert getattr(type(one)._default_manager.get(pk=one.pk), column) == 1450
        assert office.post(path, {**before, **typed}).status_code == 302
        for (one, column), minor in wanted.items():
            assert getattr(type(one)._default_manager.get(pk=one.pk), column) == minor, (one, column)
            seen.add((type(one).__name__, column))
    assert seen == columns_of(AmountColumn)


@pytest.mark.django_db
def test_every_rate_is_shown_and_typed_as_percent(cast: Cast, office: Client) -> None:
    rows, seen = make_rows(cast, "EUR"), set()
    tenth = Offer.objects.create(name="Tenth", kind="percentage", rate=2150)
    for name, row in [*rows.items(), ("offer", tenth)]:
        path = f"/admin/vendors/{name}/{row.pk}/change/"
        page = office.get(path)
        fields = [bound for bound in number_fields(page, PercentField) if bound.initial is not None]
        assert all(bound.value() == "21.5" and "%</span>" in str(bound) for bound in fields)
        typed = {bound.html_name: "6,25 %" for bound in fields}
        assert office.post(path, {**form_of(page), **typed}).status_code == 302
        for bound in fields:
            one = bound.form.instance  # type: ignore[attr-defined]
            assert getattr(type(one)._default_manager.get(pk=one.pk), bound.name) == 625
            seen.add((type(one).__name__, bound.name))
    assert seen == columns_of(RateColumn)


@pytest.mark.django_db
def test_who_may_only_look_reads_money_and_percent(cast: Cast) -> None:
    rows = make_rows(cast, "EUR")
    clerk = User.objects.create_user("clerk@example.org", None, name="Karl Clerk", is_staff=True)
    permissions = Permission.objects.filter(content_type__app_label="vendors", codename__startswith="view_")
    clerk.user_permissions.set([*permissions, Permission.objects.get(codename="act_everywhere")])
    client = Client()
    client.force_login(clerk)
    for name, row in rows.items():
        text = client.get(f"/admin/vendors/{name}/{row.pk}/change/").content.decode()
        assert "14.50 EUR" in text, name
        assert not re.search(r">\s*(1450|1,450|2150|2,150)\s*<", text), name
        if name not in ("optiongroup", "offer"):
            assert "21.5 %" in text, name
    for name in ("product", "service", "packagetype"):
        assert "14.50 EUR" in client.get(f"/admin/vendors/{name}/").content.decode()


# --- the currency that is chosen in the same form ---------------------------------------------------------------


@pytest.mark.django_db
def test_the_chosen_vendor_decides(cast: Cast, office: Client) -> None:
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(currency="JPY")
    path = "/admin/vendors/product/add/"
    page = office.get(path)
    given = {**form_of(page), "name": "Sencha", "category": cast.tea.category_id, "vendor": cast.other_vendor.pk}
    rows = {"extras-TOTAL_FORMS": "1", "extras-0-name": "Honey", "extras-0-unit": "st", "extras-0-max_quantity": "1"}
    rows |= {"extras-0-position": "0", "extras-0-charged": "auto"}
    for price, extra in (("5.40", "100"), ("540", "1.00"), ("5,4", "1")):
        refused = office.post(path, {**given, **rows, "price": price, "extras-0-price": extra})
        assert refused.status_code == 200
        assert "JPY has no digits after the decimal point or comma" in refused.content.decode()
    nobody = office.post(path, {**given, **rows, "vendor": "", "price": "540", "extras-0-price": "100"})
    assert "Choose the currency first, or who it is for: that decides the currency." in nobody.content.decode()
    assert not Product.objects.filter(name="Sencha").exists()
    assert office.post(path, {**given, **rows, "price": "1 540", "extras-0-price": "100"}).status_code == 302
    sencha = Product.objects.get(name="Sencha")
    assert (sencha.price, sencha.extras.get().price) == (1540, 100)


@pytest.mark.django_db
def test_options_of_a_new_group_are_priced_by_its_vendor(cast: Cast, office: Client) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(currency="KWD")
    path = "/admin/vendors/optiongroup/add/"
    page = office.get(path)
    given = {**form_of(page), "vendor": cast.vendor.pk, "name": "Spice", "options-TOTAL_FORMS": "2"}
    for number, price in enumerate(("1,250", "0.5")):
        row = {"name": f"Hot {number}", "kind": "default", "price": price, "max_quantity": "1", "position": "0"}
        row["charged"] = "auto"
        given |= {f"options-{number}-{name}": value for name, value in {**row, "is_available": "on"}.items()}
    assert office.post(path, given).status_code == 302
    group = OptionGroup.objects.get(name="Spice")
    assert list(Option.objects.filter(group=group).order_by("pk").values_list("price", flat=True)) == [1250, 500]


@pytest.mark.django_db
def test_a_new_vendor_s_own_currency_decides(cast: Cast, office: Client) -> None:
    path = "/admin/vendors/vendor/add/"
    page = office.get(path)
    given = {**form_of(page), "merchant": cast.merchant.pk, "type": cast.vendor.type_id, "name": "Ramen"}
    given |= {"fulfilments": ["pickup"], "payment_methods": ["cash"], "currency": "JPY", "service_fee": "50"}
    zone = {"name": "Near", "radius": "1000", "fee": "250", "minimum": "0", "position": "0"}
    given |= {"delivery_zones-TOTAL_FORMS": "1", **{f"delivery_zones-0-{name}": text for name, text in zone.items()}}
    for wrong in ({"delivery_zones-0-fee": "2.50"}, {"service_fee": "0.50"}):
        assert "JPY has no digits" in office.post(path, {**given, **wrong}).content.decode()
    assert office.post(path, {**given, "currency": "XXX"}).status_code == 200
    assert not Vendor.objects.filter(name="Ramen").exists()
    assert office.post(path, given).status_code == 302
    ramen = Vendor.objects.get(name="Ramen")
    assert (ramen.service_fee, ramen.delivery_zones.get().fee) == (50, 250)


@pytest.mark.django_db
def test_each_row_of_a_list_has_its_own_currency(cast: Cast, office: Client, rf: RequestFactory) -> None:
    class ListAdmin(AmountsAdmin):
        list_display = ["name", "price"]
        list_editable = ["price"]

    Vendor.objects.filter(pk=cast.other_vendor.pk).update(currency="JPY")
    rows = Product.objects.filter(pk__in=[cast.products["burger"].pk, cast.tea.pk]).order_by("vendor__name")
    rows.update(price=1450)
    edited = ListAdmin(Product, admin.AdminSite()).get_changelist_formset(rf.get("/"))
    shown = edited(queryset=rows)
    assert [form["price"].value() for form in shown] == ["14.50", "1450"]
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2"}
    for number, (row, price) in enumerate(zip(rows, ("15,50", "1550"), strict=True)):
        data |= {f"form-{number}-id": str(row.pk), f"form-{number}-price": price}
    sent = edited(data, queryset=rows)
    assert sent.is_valid(), sent.errors
    sent.save()
    assert [row.price for row in rows.all()] == [1550, 1550]
    assert not edited({**data, "form-1-price": "15,50"}, queryset=rows).is_valid()
