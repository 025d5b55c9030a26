"""The benchmarks' calls are answered, so that `make bench` measures what it says."""

import pytest

from benchmarks.site import prepare_site
from benchmarks.size import size_calls
from ordersite.accounts.models import User

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def test_every_call_is_answered_and_takes_so_many_statements(empty: None) -> None:
    statements = prepare_site(40)["statements"]
    assert {what: statements[what]["ours"] for what in ("place", "list by page", "detail", "accept")} == {
        # With the two that look up what was agreed: a process remembers it once the placing is committed.
        "place": 9,
        "list by page": 4,
        "detail": 5,
        "accept": 6,
    }
    assert {"kesk", "ordering", "shop", "kaddy"} < set(statements["15 orders with items"])


def test_what_is_measured_of_many_orders_is_answered(empty: None) -> None:
    prepare_site(100)
    staff, owner = (User.objects.get(email=f"{name}@example.org") for name in ("staff", "owner"))
    for call in size_calls(staff, owner).values():
        call()
