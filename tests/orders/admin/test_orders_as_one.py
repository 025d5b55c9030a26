"""A selection of orders as one document, or as a file: what is ticked, as it stands, and what is not there is named."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.lifecycle.table import Status
from orders.models import Order
from tests.cast import Cast, make_manager
from tests.office import choose
from tests.orders.admin.test_order_exports import rows_in
from tests.orders.back_office import place_order
from tests.orders.confirming import messages_of
from tests.orders.rows import make_order

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"


def test_they_are_one_document_and_what_is_not_in_it_is_named(cast: Cast, office: Client) -> None:
    first, second, deleted = place_order(cast), make_order(cast, Status.COMPLETED), make_order(cast)
    listed = office.get(LIST)
    Order.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    Order.objects.filter(pk=first.pk).update(version=first.version + 1, comment="No onions")
    page = choose(office, LIST, "print_orders", [first, second, deleted], page=listed).content.decode()
    assert page.count('class="panel sheet"') == 2
    assert page.count(f"{cast.vendor}, pickup no. {first.called}</h2>") == 1
    for told in (f'id="sheet-{first.pk}"', f'id="sheet-{second.pk}"', "“No onions”", "8.50\u00a0EUR"):
        assert told in page
    assert f"Not printed: #{deleted.pk} (it is no longer in this list)." in page
    alone = choose(office, LIST, "print_orders", [deleted], page=listed)
    assert (alone.status_code, messages_of(alone)) == (
        302,
        [f"Not printed: #{deleted.pk} (it is no longer in this list)."],
    )
    Order.objects.filter(pk=second.pk).update(deleted_at=timezone.now())
    answer = choose(office, f"{LIST}?deleted=only", "print_orders", [second])
    assert messages_of(answer) == [f"Not printed: #{second.pk} (it is deleted)."]


def test_a_document_costs_a_fixed_number_of_statements(cast: Cast, office: Client) -> None:
    orders = [place_order(cast) for _ in range(3)]
    listed = office.get(LIST)

    def cost(chosen: list[Order]) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert choose(office, LIST, "print_orders", chosen, page=listed).status_code == 200
        return len(queries)

    assert cost(orders[:1]) == cost(orders)


def test_too_many_are_not_one_document(cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.admin.print_orders.MOST", 1)
    answer = choose(office, LIST, "print_orders", [make_order(cast), make_order(cast)])
    assert messages_of(answer) == ["At most 1 orders at a time: narrow the list first. Nothing was done."]


@pytest.mark.parametrize("shape", ["csv", "xlsx"])
def test_those_ticked_are_a_file(cast: Cast, office: Client, shape: str) -> None:
    orders = [make_order(cast) for _ in range(3)]
    answer: Any = choose(office, LIST, f"export_{shape}", orders[:2])
    if shape == "xlsx":
        answer = office.get(f"{answer['Location']}fetch/")
    assert answer.status_code == 200
    assert {row["order"] for row in rows_in(answer, shape)} == {str(order.pk) for order in orders[:2]}


def test_a_manager_has_its_own_alone(cast: Cast) -> None:
    own, other = make_order(cast), make_order(cast, vendor=cast.other_vendor)
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    page = choose(manager, LIST, "print_orders", [own, other]).content.decode()
    assert f'id="sheet-{own.pk}"' in page
    assert f'id="sheet-{other.pk}"' not in page
    rows = rows_in(choose(manager, LIST, "export_csv", [own, other]), "csv")
    assert [row["order"] for row in rows] == [str(own.pk)]
