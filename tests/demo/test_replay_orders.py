"""The replay through its own server: exact figures, once only, and a sentence for what it refuses."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from orders.models import FeedEntry, Order, OrderEvent
from ordersite.accounts.models import ApiToken
from vendors.models import Option, Product, Vendor

pytestmark = pytest.mark.usefixtures("empty")

HEADER = "order_id\tquantity\titem_name\tchoice_description\titem_price\n"
SAMPLE = (
    "101\t1\tChips\tNULL\t$2.39 \n"
    "101\t2\tBowl\t[Red Salsa, [Rice, Cheese]]\t$16.98 \n"
    "102\t1\tBowl\t[[Red Salsa, Green Salsa], [Rice, Beans, [Cheese, Corn]]]\t$8.75 \n"
    "103\t3\tSoda\t[Sprite]\t$3.27 \n"
    "104\t1\tBowl\t[Green Salsa, [Rice]]\t$8.49 \n"
    "101\t1\tSoda\t[Cola]\t$1.09 \n"
)
TOTALS = {"101": 2046, "102": 875, "103": 327, "104": 849}


def replay(path: Path, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("replay_orders", str(path), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def ended_server(transactional_db: None) -> Iterator[None]:
    """Ends the sessions that the threads of our server leave behind: they would keep the database."""
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "orders.tsv"
    path.write_text(HEADER + SAMPLE)
    return path


@pytest.mark.usefixtures("ended_server")
def test_replays_a_file_to_the_cent_and_only_once(sample: Path) -> None:
    out, _ = replay(sample)
    assert "4 (4 placed now, 0 before)" in out
    assert "40.97 USD; the file's: 40.97" in out
    assert "16 entries read, up to position 16" in out
    assert {order.purchase.external_code: order.total for order in Order.objects.select_related("purchase")} == TOTALS
    assert set(Order.objects.values_list("status", flat=True)) == {15}
    assert sorted(Product.objects.values_list("name", "price")) == [
        ("Bowl (8.49)", 849),
        ("Bowl (8.75)", 875),
        ("Chips (2.39)", 239),
        ("Soda (1.09)", 109),
    ]
    nested = Option.objects.filter(group__name="Bowl: choice 2.3").order_by("name")
    assert list(nested.values_list("name", flat=True)) == ["Cheese", "Corn"]
    assert not ApiToken.objects.filter(revoked_at=None).exists()

    again, _ = replay(sample)
    assert "4 (0 placed now, 4 before)" in again
    assert (Order.objects.count(), OrderEvent.objects.count(), FeedEntry.objects.count()) == (4, 16, 16)
    assert (Vendor.objects.count(), Product.objects.count()) == (1, 4)

    later = sample.with_name("later.tsv")
    later.write_text(HEADER + "105\t1\tSalad\tNULL\t$7.40\n")
    out, _ = replay(later)
    assert "20 entries read, up to position 20" in out
    assert Product.objects.count() == 5


@pytest.mark.slow
@pytest.mark.usefixtures("ended_server")
def test_another_file_under_the_same_numbers_is_told(sample: Path) -> None:
    replay(sample)
    other = sample.with_name("other.tsv")
    other.write_text(HEADER + "101\t1\tSalad\tNULL\t$7.40\n")
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 things are not"):
        call_command("replay_orders", str(other), stdout=io.StringIO(), stderr=err)
    assert "Order 101: the file says 7.40, the site 20.46." in err.getvalue()
    assert Order.objects.count() == 4
    out, _ = replay(other, vendor="Another place")
    assert "1 (1 placed now, 0 before)" in out


@pytest.mark.django_db
def test_nothing_is_placed_of_a_file_with_a_bad_line(sample: Path, settings: Any) -> None:
    sample.write_text(HEADER + SAMPLE + "105\t2\tSoda\t[Cola]\t$1.09 \n")
    with pytest.raises(CommandError, match=r"Line 8: item_price \$1.09 is not 2 times"):
        replay(sample)
    with pytest.raises(CommandError, match="No such file"):
        replay(sample.with_name("missing.tsv"))
    assert (Order.objects.count(), Vendor.objects.count()) == (0, 0)


@pytest.mark.usefixtures("ended_server")
def test_a_site_that_is_not_there_is_told(sample: Path) -> None:
    with pytest.raises(CommandError, match="same database"):
        replay(sample, url="http://127.0.0.1:9")
    assert Order.objects.count() == 0
    assert not ApiToken.objects.filter(revoked_at=None).exists()


@pytest.mark.django_db
def test_is_refused_outside_development(sample: Path, settings: Any) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="not real"):
        replay(sample)
    assert Vendor.objects.count() == 0
