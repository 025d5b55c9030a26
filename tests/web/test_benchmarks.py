"""The benchmarks' calls are answered, so that `make bench` measures what it says."""

import pytest

from benchmarks.site import prepare_site

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def test_every_call_is_answered_and_takes_so_many_statements(empty: None) -> None:
    statements = prepare_site(40)["statements"]
    assert {what: statements[what]["ours"] for what in ("place", "list by page", "detail", "accept")} == {
        # With the two that look up what was agreed: a process remembers it once the placing is committed.
        "place": 15,
        "list by page": 4,
        "detail": 5,
        "accept": 7,
    }
    assert {"kesk", "ordering", "shop", "kaddy"} < set(statements["15 orders with items"])
