"""Bulk actions and deletions carry the versions that were shown: what changed since is left out, and said."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.test import Client

from ordersite.accounts.models import ApiToken, User
from ordersite.backoffice.selections import VersionedAdmin
from tests.cast import Cast
from tests.office import choose, confirm, form_of
from vendors.models import Category, Offer, Option, OptionGroup, Product

pytestmark = pytest.mark.django_db
CATEGORIES, GROUPS, TOKENS, OFFERS = (
    f"/admin/{name}/" for name in ("vendors/category", "vendors/optiongroup", "accounts/apitoken", "vendors/offer")
)
AGAIN = "It has changed since it was shown, or more would be deleted with it. Nothing was deleted: check it again."


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", name="Root"))
    return client


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_every_page_carries_versions() -> None:
    assert all(isinstance(one, VersionedAdmin) for one in admin.site._registry.values())


@pytest.fixture
def empty(cast: Cast) -> list[Category]:
    return [Category.objects.create(vendor=cast.vendor, name=f"Empty {number}") for number in range(3)]


def test_a_row_is_deleted_as_it_was_shown(cast: Cast, office: Client, empty: list[Category]) -> None:
    path = f"{CATEGORIES}{empty[0].pk}/delete/"
    page = office.get(path)
    Category.objects.filter(pk=empty[0].pk).update(name="Desserts")
    for sent in (form_of(page), {"post": "yes"}, {**form_of(page), "_rows": "x", "_counted": "y"}):
        answer = office.post(path, sent)
        assert (answer.status_code, told(answer)[-1]) == (302, AGAIN)
        assert Category.objects.filter(pk=empty[0].pk).exists()
    assert told(confirm(office, path, office.get(path))) != [AGAIN]
    assert not Category.objects.filter(pk=empty[0].pk).exists()
    gone = office.post(path, form_of(page), follow=True)
    assert "doesn’t exist. Perhaps it was deleted?" in gone.content.decode()


def test_what_goes_with_a_row_was_shown_too(cast: Cast, office: Client) -> None:
    path = f"{GROUPS}{cast.groups['Plate'].pk}/delete/"
    page = office.get(path)
    option = Option.objects.create(group=cast.groups["Plate"], name="Candle")
    assert told(office.post(path, form_of(page)))[-1] == AGAIN
    assert OptionGroup.objects.filter(pk=cast.groups["Plate"].pk).exists()
    page = choose(office, GROUPS, "delete_selected", [cast.groups["Plate"]])
    Option.objects.create(group=cast.groups["Plate"], name="Sparkler")
    again = office.post(GROUPS, form_of(page))
    assert AGAIN in again.content.decode()
    assert Option.objects.filter(pk=option.pk).exists()
    assert office.post(GROUPS, form_of(again)).status_code == 302
    assert not Option.objects.filter(pk=option.pk).exists()


def test_chosen_rows_are_deleted_as_they_were_shown(cast: Cast, office: Client, empty: list[Category]) -> None:
    shown = office.get(CATEGORIES)
    Category.objects.filter(pk=empty[0].pk).update(position=7)
    page = choose(office, CATEGORIES, "delete_selected", empty, page=shown)
    left_out = "{} has changed since the list was shown, so it was left out. Check it, then choose it again."
    assert left_out.format("Empty 0") in page.content.decode()
    Category.objects.filter(pk=empty[1].pk).update(position=7)
    page = confirm(office, CATEGORIES, page)
    assert left_out.format("Empty 1") in page.content.decode()
    assert confirm(office, CATEGORIES, page).status_code == 302
    names = Category.objects.filter(name__startswith="Empty").values_list("name", flat=True)
    assert list(names) == ["Empty 0", "Empty 1"]
    # One that is deleted meanwhile is counted.
    shown = office.get(CATEGORIES)
    Category.objects.filter(pk=empty[0].pk).delete()
    answer = choose(office, CATEGORIES, "delete_selected", empty[:1], page=shown)
    assert told(answer)[-1] == "1 of those that you chose are no longer in this list: they were left out."


def test_without_versions_nothing_is_deleted_switched_or_revoked(
    cast: Cast, office: Client, empty: list[Category]
) -> None:
    token = ApiToken.objects.create(name="Till", user=cast.owner, token_hash="f" * 64, hint="ost_abcd")
    offer = Offer.objects.create(name="Autumn", kind="percentage", rate=1000)
    for path, row, action in (
        (CATEGORIES, empty[0], "delete_selected"),
        (TOKENS, token, "revoke"),
        (OFFERS, offer, "switch_off"),
    ):
        for rows in ([], [f"{row.pk}:"], ["1" * 99], ["\0"]):
            form = {"action": action, "_selected_action": [row.pk], "_rows": rows, "post": "yes"}
            assert office.post(path, form).status_code == 302
        row.refresh_from_db()
    assert (token.revoked_at, offer.is_active) == (None, True)


def test_what_changes_by_itself_does_not_stand_in_the_way(cast: Cast, office: Client) -> None:
    """A token's last use, an offer's uses."""
    token = ApiToken.objects.create(name="Till", user=cast.owner, token_hash="f" * 64, hint="ost_abcd")
    offer = Offer.objects.create(name="Autumn", kind="percentage", rate=1000, max_uses=9)
    tokens, offers = office.get(TOKENS), office.get(OFFERS)
    ApiToken.objects.update(last_used_at=token.created_at)
    Offer.objects.update(uses=3)
    choose(office, TOKENS, "revoke", [token], page=tokens)
    choose(office, OFFERS, "switch_off", [offer], page=offers)
    token.refresh_from_db()
    offer.refresh_from_db()
    assert token.revoked_at is not None
    assert (offer.is_active, offer.uses) == (False, 3)


def test_all_of_a_list_is_named_before_it_is_deleted(cast: Cast, office: Client, empty: list[Category]) -> None:
    path = f"{CATEGORIES}?q=Empty"
    sent = {**form_of(office.get(path)), "action": "delete_selected", "_selected_action": [empty[0].pk], "index": "0"}
    page = office.post(path, {**sent, "select_across": "1"})
    assert "All rows of the list, 3 in number." in page.content.decode()
    page = office.post(path, form_of(page))
    assert "Are you sure" in page.content.decode()
    assert office.post(path, form_of(page)).status_code == 302
    assert not Category.objects.filter(name__startswith="Empty").exists()
    assert Product.objects.filter(vendor=cast.vendor).count() == 4


def test_a_fault_of_ours_is_no_filter_of_theirs(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*args: Any) -> Any:
        raise ValueError("a fault")

    monkeypatch.setattr(VersionedAdmin, "get_queryset", fails)
    with pytest.raises(ValueError, match="a fault"):
        office.get(CATEGORIES)
    answer = office.get(f"{CATEGORIES}?q=x")
    assert (answer.status_code, answer["Location"]) == (302, CATEGORIES)
    assert f"{CATEGORIES}: no filter or selection" in caplog.messages
