"""Lists of the back-office: by an address nobody reads a column that the list does not offer to filter by."""

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.admin.filters import SimpleListFilter
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ordersite.accounts.models import ApiToken, Customer, User
from ordersite.backoffice.lists import BoundedListAdmin
from tests.cast import Cast
from tests.orders.rows import make_order
from vendors.models import Driver

MODELS = list(admin.site._registry)
LOOKUPS = ("startswith", "istartswith", "regex", "iregex", "contains", "endswith", "gt", "range", "iexact", "date")


def address(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def everything(cast: Cast) -> User:
    """Somebody with every right: no refusal is for want of one."""
    cast.staff.is_superuser = True
    cast.staff.save()
    return cast.staff


def filter_names(model: type[Model]) -> set[str]:
    found: set[Any] = set()
    for one in admin.site._registry[model].list_filter:
        if isinstance(one, type) and issubclass(one, SimpleListFilter):
            found.add(one.parameter_name)
        else:
            found.add(one[0] if isinstance(one, list | tuple) else one)
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_only_what_a_list_offers_filters_it(cast: Cast, client: Client, model: type[Model]) -> None:
    assert isinstance(admin.site._registry[model], BoundedListAdmin)
    client.force_login(everything(cast))
    offered = filter_names(model)
    # A list of our own reads no lookups at all.
    is_djangos = "cl" in (client.get(address(model)).context or {})
    fields: list[Any] = [*model._meta.concrete_fields, *model._meta.related_objects]
    for field in fields:
        refused = [f"{field.name}__{lookup}" for lookup in LOOKUPS]
        if field.is_relation:
            refused += [f"{field.name}__id__gt", f"{field.name}__pk__startswith"]
        if field.name not in offered:
            refused += [field.name, f"{field.name}__exact", f"{field.name}__in", f"{field.name}__isnull"]
        # A few of them through the address, all of them by the rule that decides.
        model_admin = admin.site._registry[model]
        assert not [one for one in refused if model_admin.lookup_allowed(one, "a")]  # type: ignore[call-arg]
        for one in refused[:2] if is_djangos else ():
            assert client.get(address(model), {one: "a"}).status_code == 400, one
    for one in ("pk__gt", "pk", f"{model._meta.pk.name}__startswith") if is_djangos else ():
        assert client.get(address(model), {one: "1"}).status_code == 400, one


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_a_list_offers_works(cast: Cast, client: Client, model: type[Model]) -> None:
    """Every link of every filter that is shown."""
    make_order(cast, 7)
    client.force_login(everything(cast))
    page: Any = client.get(address(model))
    if page.status_code == 302 or "cl" not in (page.context or {}):
        return
    changelist = page.context["cl"]
    for spec in changelist.filter_specs:
        for choice in spec.choices(changelist):
            query = choice.get("query_string", "?")
            assert client.get(address(model) + query).status_code == 200, query


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_wrong_address_writes_nothing_to_the_log(
    cast: Cast, client: Client, caplog: pytest.LogCaptureFixture, model: type[Model]
) -> None:
    """Filters, orders, pages, ids and searches that mean nothing are answers, not incidents: no line, no traceback.

    A warning of an unordered page is an error in these tests.
    """
    client.force_login(everything(cast))
    model_admin, path = admin.site._registry[model], address(model)
    names = {"o", "p", "_to_field", "e", "pk__in", "token_hash", *filter_names(model)}
    names |= {f"{name}__exact" for name in filter_names(model)}
    if model_admin.date_hierarchy:
        names |= {f"{model_admin.date_hierarchy}__{part}" for part in ("year", "month", "day")}
    called = [f"{path}?{name}={value}" for name in sorted(names) for value in ("x", "9" * 30, "0,1")]
    called += [f"{path}{pk}/change/" for pk in ("x", "9" * 30)]
    for one in [model_admin, *model_admin.inlines]:
        holder = getattr(one, "model", model)
        field = f"app_label={holder._meta.app_label}&model_name={holder._meta.model_name}&field_name="
        for name in one.autocomplete_fields:
            called += [
                f"/admin/autocomplete/?{field}{name}&{rest}" for rest in ("term=", "term=x", "page=x", "page=99")
            ]
        called.append(f"/admin/autocomplete/?{field}nothing&term=")
    for one in called:
        assert client.get(one).status_code in (200, 302, 400, 403, 404, 405), one
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


@pytest.mark.parametrize("text", ["a\0b", "1" + "0" * 30, "🙂\ud800"], ids=["NUL", "huge", "emoji"])
def test_no_text_in_an_address_gets_anything_but_a_page(cast: Cast, client: Client, text: str) -> None:
    """Searches, filters, pages and ids of every list: a page, and where it refuses one with a sentence."""
    client.force_login(everything(cast))
    typed = quote(text, errors="surrogatepass")
    for model in MODELS:
        path = address(model)
        names = ["q", "p", "o", *sorted(filter_names(model))]
        for called in [
            *(f"{path}?{name}={typed}" for name in names),
            f"{path}{typed}/change/",
            f"{path}{typed}/delete/",
        ]:
            answer = client.get(called, follow=True)
            assert answer.status_code in (200, 400, 403, 404, 405), called
            if answer.status_code != 405:
                assert answer["Content-Type"] == "text/html; charset=utf-8", called
            if answer.status_code == 400:
                assert "<h1>This did not work</h1>" in answer.content.decode(), called


def test_an_address_with_a_nul_is_refused_with_a_sentence(cast: Cast, client: Client) -> None:
    client.force_login(everything(cast))
    for path in ("/admin/orders/order/?q=a%00b", "/admin/orders/order/%00/change/"):
        told = client.get(path).content.decode()
        assert '<p role="status">The URL contains a NUL character: leave it out.</p>' in told
        assert '<a href="/admin/">To the back-office</a>' in told
    assert client.get("/api/v1/orders?status=a%00b")["Content-Type"] == "application/problem+json"


def test_a_hidden_column_is_not_read_letter_by_letter(cast: Cast, client: Client) -> None:
    ApiToken.objects.create(name="till", user=cast.owner, token_hash="a" * 64, hint="ost_", scopes=["read"])
    client.force_login(everything(cast))
    for query in ({"token_hash__startswith": "a"}, {"user__password__startswith": "p"}, {"token_hash": "a" * 64}):
        assert client.get("/admin/accounts/apitoken/", query).status_code == 400
    for query in ({"comment__regex": "(a+)+$"}, {"tracking_sealed__contains": "x"}, {"customer__email__gt": "a"}):
        assert client.get("/admin/orders/order/", query).status_code == 400


def test_words_of_a_search_are_bounded(cast: Cast, client: Client) -> None:
    client.force_login(everything(cast))
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/admin/vendors/product/", {"q": "a " * 3_000})
    assert answer.status_code == 200
    assert max(query["sql"].count("LIKE") for query in queries) <= 6 * 3


WRITTEN = ["+32 470 12 34 56", "0470 12 34 56", "0470/12.34.56", "0032470123456", "+32 (0)470 123456"]


@pytest.mark.parametrize("written", WRITTEN)
def test_people_are_found_by_their_telephone_however_it_is_written(cast: Cast, written: str) -> None:
    office = Client()
    office.force_login(everything(cast))
    Customer.objects.filter(pk=cast.customer_row.pk).update(phone="+32470123456")
    Customer.objects.filter(pk=cast.stranger_row.pk).update(phone="+32470123457")
    User.objects.filter(pk=cast.driver.pk).update(phone="+32470123456")
    Driver.objects.filter(pk=cast.driver_row.pk).update(phone="+32470123456")
    paths = {"accounts/customer": cast.customer_row, "accounts/user": cast.driver, "vendors/driver": cast.driver_row}
    for path, row in paths.items():
        page = office.get(f"/admin/{path}/", {"q": written})
        assert list(page.context["cl"].result_list) == [row], path
    field = {"app_label": "orders", "model_name": "order", "field_name": "customer", "term": written}
    results = office.get("/admin/autocomplete/", field).json()["results"]
    assert [row["id"] for row in results] == [str(cast.customer_row.pk)]


@pytest.mark.parametrize(
    ("written", "found"),
    [("123456789", ["123456789@example.org"]), ("000000", []), ("123456789@exam", ["123456789@example.org"])],
)
def test_digits_are_looked_for_in_other_columns_too(cast: Cast, written: str, found: list[str]) -> None:
    office = Client()
    office.force_login(everything(cast))
    User.objects.create(email="123456789@example.org", name="Numa")
    page = office.get("/admin/accounts/user/", {"q": written})
    assert [row.email for row in page.context["cl"].result_list] == found
