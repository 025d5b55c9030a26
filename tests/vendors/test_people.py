"""People who work somewhere: invited by mail, let in once, and taken off at once with all that they had there."""

import re
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import Order
from orders.services.personal.erasing import erase_customer
from ordersite.accounts.mails import choices_link
from ordersite.accounts.models import ApiToken, User
from ordersite.accounts.services import make_api_token
from ordersite.core.crypto import token_hash
from ordersite.core.models import AuditRow
from tests.cast import PASSWORD, Cast, in_roles, make_clerk, make_user
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed
from tests.promises.crowd import beside, together
from tracking import mails, retention
from vendors.models import Device, Dispatcher, Driver, Invitation, Member
from vendors.permissions import CARRIERS
from vendors.services import people

pytestmark = pytest.mark.django_db
NEW = "nina.new@example.org"
LINK = re.compile(r"http://[^/\s]+(/invitations/\S+)")


def page_of(cast: Cast) -> str:
    return f"/board/{cast.vendor.pk}/people"


def company_page(cast: Cast) -> str:
    return f"/companies/{cast.company.pk}/people"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def press(user: User, path: str, act: str, **fields: Any) -> Any:
    return client_of(user).post(path, {"act": act, **fields})


def links() -> list[str]:
    """What was mailed, by the worker, since the beginning."""
    mails.send_due()
    return [found[1] for one in mail.outbox if (found := LINK.search(str(one.body)))]


def invited(cast: Cast, kind: str = "staff", email: str = NEW, **fields: str) -> str:
    """The owner invites; where the mail's link leads."""
    assert press(cast.owner, page_of(cast), "invite", kind=kind, email=email, **fields).status_code == 302
    return links()[-1]


def accept_as_new(path: str, **fields: str) -> Any:
    return Client().post(path, {"name": "Nina New", "phone": "+32470123499", "password": PASSWORD, **fields})


# --- who may ------------------------------------------------------------------------------------------------------


def make_people(cast: Cast) -> dict[str, User]:
    """Everybody who might try, by name."""
    manager, staff, limited = make_user("Mia Manager"), make_user("Siem Staff"), make_user("Lim Owner")
    Member.objects.create(user=manager, merchant=cast.merchant, role=Member.Role.MANAGER)
    Member.objects.create(user=staff, merchant=cast.merchant, role=Member.Role.STAFF)
    Member.objects.create(user=limited, merchant=cast.merchant, role=Member.Role.OWNER, all_vendors=False).vendors.add(
        cast.vendor
    )
    return {
        "owner": cast.owner,
        "owner of this vendor alone": limited,
        "manager": manager,
        "staff of the vendor": staff,
        "owner of another": cast.other_owner,
        "driver": cast.driver,
        "customer": cast.customer,
        "superuser": User.objects.create_superuser("root@example.org"),
        "dispatcher role": in_roles(make_clerk(name="Dis Role"), "dispatcher"),
        "support role": in_roles(make_clerk(name="Sup Role"), "support"),
        "clerk who may make drivers alone": make_clerk("vendors.add_driver", *CARRIERS, name="Dri Clerk"),
        "clerk without what a driver may": make_clerk("vendors.add_driver", "vendors.add_member", name="No Rights"),
    }


MAY: dict[str, set[str]] = {
    "owner": {"owner", "manager", "staff", "staff here", "courier"},
    "owner of this vendor alone": {"staff here", "courier"},
    "superuser": {"owner", "manager", "staff", "staff here", "courier", "driver", "dispatcher"},
    "dispatcher role": {"courier", "driver", "dispatcher"},
    "clerk who may make drivers alone": {"courier", "driver"},
}
WAYS = ("owner", "manager", "staff", "staff here", "courier", "driver", "dispatcher")


OTHERS = ("manager", "staff of the vendor", "owner of another", "driver", "customer", "support role")


def test_what_is_chosen_at_first_may_least(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.owner)
    assert re.findall(r'<option value="(\w+)" selected>', client.get(page_of(cast)).text) == ["staff"]


@pytest.mark.parametrize("who", [*MAY, *OTHERS, "clerk without what a driver may"])
def test_who_invites_as_what(cast: Cast, who: str) -> None:
    user = make_people(cast)[who]
    for way in WAYS:
        kind, _, here = way.partition(" ")
        path = company_page(cast) if kind in ("driver", "dispatcher") else page_of(cast)
        fields = {"kind": kind, "email": f"{kind}@new.example", "where": here or "all"}
        if way in MAY.get(who, ()):
            assert press(user, path, "invite", **fields).status_code == 302, way
            row = Invitation.objects.get(kind=kind, email=fields["email"])
            row.delete()
            continue
        with assert_nothing_changed():
            assert press(user, path, "invite", **fields).status_code in (403, 404), way


@pytest.mark.parametrize("who", ["manager", "owner of another", "customer", "support role", "driver"])
def test_who_may_not_see_the_page_may_press_nothing(cast: Cast, who: str) -> None:
    invited(cast)
    user, member = make_people(cast)[who], Member.objects.get(user=cast.owner)
    row = Invitation.objects.get()
    with assert_nothing_changed():
        assert client_of(user).get(page_of(cast)).status_code == 404
        for act, pk in (
            ("send_again", row.pk),
            ("withdraw", row.pk),
            ("take_off_member", member.pk),
            ("take_off_driver", cast.courier_row.pk),
        ):
            assert press(user, page_of(cast), act, id=pk).status_code == 404, act
    assert client_of(cast.owner).get("/board/999999/people").status_code == 404
    assert Client().get(page_of(cast))["Location"].startswith("/sign-in")


def test_an_owner_of_one_vendor_takes_nobody_off_who_works_at_others(cast: Cast) -> None:
    people = make_people(cast)
    for member in (cast.owner, people["manager"]):
        row = Member.objects.get(user=member)
        with assert_nothing_changed():
            path = page_of(cast)
            assert press(people["owner of this vendor alone"], path, "take_off_member", id=row.pk).status_code == 403


# --- accepted -----------------------------------------------------------------------------------------------------


def test_a_new_person_sets_a_password_and_works_there(cast: Cast) -> None:
    path = invited(cast, "manager", where="here")
    page = Client().get(path).content.decode()
    assert "You are invited to Burger Bar as a manager." in page
    assert accept_as_new(path, password="short").status_code == 400
    assert not User.objects.filter(email=NEW).exists()
    done = accept_as_new(path)
    assert (done.status_code, done["Location"]) == (302, "/board")
    member = Member.objects.get(user__email=NEW)
    assert (member.role, member.all_vendors, list(member.vendors.all())) == ("manager", False, [cast.vendor])
    assert (member.user.name, member.user.phone, member.user.is_confirmed) == ("Nina New", "+32470123499", True)
    tokens = APIClient().post("/api/v1/auth/token", {"email": NEW, "password": PASSWORD})
    assert tokens.status_code == 200
    # Used once.
    over = Client().get(path)
    assert (over.status_code, "This invitation is over" in over.content.decode()) == (400, True)
    assert accept_as_new(path).status_code == 400
    assert not Invitation.objects.exists()


def test_who_has_an_account_signs_in_and_joins_with_it(cast: Cast) -> None:
    path = invited(cast, "owner", email=cast.customer.email.upper())
    page = Client().get(path).content.decode()
    assert "Sign in to accept" in page
    assert 'name="password"' not in page
    with assert_nothing_changed():
        assert accept_as_new(path).status_code == 200
        other = client_of(cast.stranger)
        assert "another account" in other.get(path).content.decode()
        assert other.post(path).status_code == 403
    assert client_of(cast.customer).post(path).status_code == 302
    member = Member.objects.get(user=cast.customer)
    assert (member.role, member.all_vendors) == ("owner", True)
    assert cast.customer.check_password(PASSWORD)


@pytest.mark.parametrize("kind", ["courier", "driver", "dispatcher"])
def test_drivers_and_dispatchers_join(cast: Cast, kind: str) -> None:
    path = page_of(cast) if kind == "courier" else company_page(cast)
    boss = User.objects.create_superuser("root@example.org")
    assert press(boss, path, "invite", kind=kind, email=NEW).status_code == 302
    done = accept_as_new(links()[-1])
    assert (done.status_code, done["Location"]) == (302, "/dispatch" if kind == "dispatcher" else "/drive")
    user = User.objects.get(email=NEW)
    if kind == "dispatcher":
        assert Dispatcher.objects.get(user=user).company == cast.company
        return
    told = Driver.objects.values_list("name", "phone", "company", "vendor", "on_duty").get(user=user)
    employer = (None, cast.vendor.pk) if kind == "courier" else (cast.company.pk, None)
    assert told == ("Nina New", "+32470123499", *employer, False)


def test_a_driver_of_others_does_not_change_sides(cast: Cast) -> None:
    path = invited(cast, "courier", email=cast.driver.email)
    with assert_nothing_changed():
        refused = client_of(cast.driver).post(path)
        assert refused.status_code == 409
    assert "You drive for somebody else already" in refused.content.decode()


def test_a_link_ends_with_a_newer_one_with_its_time_and_as_it_is_withdrawn(cast: Cast, settings: Any) -> None:
    first = invited(cast)
    row = Invitation.objects.get()
    assert press(cast.owner, page_of(cast), "send_again", id=row.pk).status_code == 302
    second = links()[-1]
    # To invite the same person anew is to send it again.
    third = invited(cast)
    assert Invitation.objects.count() == 1
    assert [Client().get(path).status_code for path in (first, second, third)] == [400, 400, 200]
    Invitation.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert Client().get(third).status_code == 400
    assert accept_as_new(third).status_code == 400
    assert press(cast.owner, page_of(cast), "send_again", id=row.pk).status_code == 302
    fourth = links()[-1]
    assert Client().get(fourth).status_code == 200
    assert press(cast.owner, page_of(cast), "withdraw", id=row.pk).status_code == 302
    for act in ("withdraw", "send_again"):
        assert press(cast.owner, page_of(cast), act, id=row.pk).status_code == 404
    for junk in (fourth, "/invitations/x", "/invitations/%00", f"/invitations/{'g' * 1500}"):
        with assert_nothing_changed():
            assert accept_as_new(junk).status_code in (400, 404), junk
    assert not User.objects.filter(email=NEW).exists()


def test_a_mail_that_is_late_says_nothing_of_what_was_withdrawn(cast: Cast) -> None:
    assert press(cast.owner, page_of(cast), "invite", kind="staff", email=NEW).status_code == 302
    Invitation.objects.all().delete()
    assert links() == []


def test_whoever_invites_is_not_told_who_has_an_account(cast: Cast) -> None:
    pages = []
    for email in (cast.stranger.email, NEW, "x" + NEW):
        client = client_of(cast.owner)
        answer = client.post(page_of(cast), {"act": "invite", "kind": "staff", "email": email}, follow=True)
        page = answer.content.decode().replace(email, "E")
        pages.append(re.sub("csrfmiddlewaretoken.*?>|until [^<]+|value=.\\d+.", "", page))
        Invitation.objects.all().delete()
    assert pages[0] == pages[1] == pages[2]


def test_bad_input_is_refused_in_words(cast: Cast) -> None:
    for email in (
        "",
        "nobody",
        "a@b",
        "\x00@example.org",
        "x" * 300 + "@example.org",
        "a@example.org\nBcc: b@example.org",
    ):
        with assert_nothing_changed():
            answer = press(cast.owner, page_of(cast), "invite", kind="staff", email=email)
            assert answer.status_code == 400, email
    for kind in ("", "driver", "root", "dispatcher"):
        with assert_nothing_changed():
            assert press(cast.owner, page_of(cast), "invite", kind=kind, email=NEW).status_code == 400, kind
    for pk in ("", "x", "9" * 30, "-1"):
        with assert_nothing_changed():
            assert press(cast.owner, page_of(cast), "take_off_member", id=pk).status_code == 404, pk
    with assert_nothing_changed():
        assert press(cast.owner, page_of(cast), "invite", kind="staff", email=cast.owner.email).status_code == 409


def test_mails_are_limited(cast: Cast) -> None:
    answers = [press(cast.owner, page_of(cast), "invite", kind="staff", email=NEW).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]


def test_what_is_withdrawn_at_once_still_counts_as_mailed(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(people, "MOST_SENT", 3)
    for number in range(3):
        email = f"nina+{number}@example.org"
        assert press(cast.owner, page_of(cast), "invite", kind="staff", email=email).status_code == 302
        assert press(cast.owner, page_of(cast), "withdraw", id=Invitation.objects.get().pk).status_code == 302
    with assert_nothing_changed():
        assert press(cast.owner, page_of(cast), "invite", kind="staff", email=NEW).status_code == 429
    # Another's are its own.
    other = f"/board/{cast.other_vendor.pk}/people"
    assert press(cast.other_owner, other, "invite", kind="staff", email=NEW).status_code == 302


def dismissed(cast: Cast, sender: User) -> None:
    member = Member.objects.get(user=sender)
    assert press(cast.owner, page_of(cast), "take_off_member", id=member.pk).status_code == 302


def demoted(cast: Cast, sender: User) -> None:
    Member.objects.filter(user=sender).update(role=Member.Role.MANAGER)


def limited(cast: Cast, sender: User) -> None:
    Member.objects.filter(user=sender).update(all_vendors=False)


def switched_off(cast: Cast, sender: User) -> None:
    sender.is_active = False
    sender.save()


@pytest.mark.parametrize("ended", [dismissed, demoted, limited, switched_off])
def test_who_may_invite_no_more_lets_nobody_in(cast: Cast, ended: Any) -> None:
    sender = make_user("Sid Sender")
    Member.objects.create(user=sender, merchant=cast.merchant, role=Member.Role.OWNER)
    fields = {"kind": "owner", "email": cast.stranger.email}
    assert press(sender, page_of(cast), "invite", **fields).status_code == 302
    path = links()[-1]
    assert client_of(cast.stranger).get(path).status_code == 200
    assert press(sender, page_of(cast), "invite", kind="manager", email=NEW).status_code == 302
    ended(cast, sender)
    with assert_nothing_changed():
        assert client_of(cast.stranger).post(path).status_code == 400
    assert not Member.objects.filter(user=cast.stranger).exists()
    assert links() == [path]  # the other one is not mailed
    # It is listed: who sends it again stands for it.
    row = Invitation.objects.get(email=cast.stranger.email)
    assert press(cast.owner, page_of(cast), "send_again", id=row.pk).status_code == 302
    assert client_of(cast.stranger).post(links()[-1]).status_code == 302
    assert Member.objects.get(user=cast.stranger).role == Member.Role.OWNER


def test_who_is_taken_off_comes_back_by_no_older_link(cast: Cast) -> None:
    """Somebody may be invited as several things, and joins as one of them."""
    as_owner, as_staff = (invited(cast, kind, email=cast.stranger.email) for kind in ("owner", "staff"))
    assert client_of(cast.stranger).post(as_staff).status_code == 302
    dismissed(cast, cast.stranger)
    with assert_nothing_changed():
        assert client_of(cast.stranger).post(as_owner).status_code == 400


def test_a_link_of_another_kind_is_none(cast: Cast) -> None:
    path = invited(cast, email=cast.customer.email)
    other = choices_link(cast.customer.email, "order_ready").partition("/mails/")[2]
    with assert_nothing_changed():
        assert client_of(cast.customer).post(f"/invitations/{other}").status_code == 400
        assert Client().post(f"/mails/{path.removeprefix('/invitations/')}").status_code == 404


def test_old_ones_go(cast: Cast) -> None:
    invited(cast)
    assert retention.prune_invitations() == 0
    Invitation.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert retention.prune_invitations() == 1


def test_an_erased_person_stands_in_no_invitation(cast: Cast) -> None:
    used = invited(cast, email=cast.stranger.email)
    assert client_of(cast.stranger).post(used).status_code == 302
    dismissed(cast, cast.stranger)
    waiting = invited(cast, "manager", email=cast.stranger.email)
    erase_customer(cast.stranger_row.pk)
    assert Client().get(waiting).status_code == 400
    assert not Invitation.objects.exists()
    told = [str(list(row.values())) for row in AuditRow.objects.values("object_name", "actor_name", "old", "new")]
    assert not [text for text in told if cast.stranger.email in text]
    assert AuditRow.objects.filter(model="vendors.invitation").exists()


# --- taken off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_devices", [False, True])
def test_a_member_is_out_at_once(cast: Cast, with_devices: bool) -> None:
    manager = make_user("Mia Manager")
    member = Member.objects.create(user=manager, merchant=cast.merchant, role=Member.Role.MANAGER)
    _, key = make_api_token(manager, name="Till", scopes=["read"], merchant=cast.merchant.pk, expires_at=None)
    Device.objects.create(vendor=cast.vendor, name="Kitchen", token_hash=token_hash("osd_x"), created_by=manager)
    board = client_of(manager)
    till, tablet = (APIClient(headers={"Authorization": f"Bearer {one}"}) for one in (key, "osd_x"))
    orders, on_board = "/api/v1/orders?mode=dashboard", f"/api/v1/vendors/{cast.vendor.pk}/board"

    def works() -> list[int]:
        return [
            board.get(f"/board/{cast.vendor.pk}").status_code,
            till.get(orders).status_code,
            tablet.get(on_board).status_code,
        ]

    assert works() == [200, 200, 200]
    fields = {"devices": "on"} if with_devices else {}
    assert press(cast.owner, page_of(cast), "take_off_member", id=member.pk, **fields).status_code == 302
    assert works() == [404, 401, 401 if with_devices else 200]
    assert ApiToken.objects.get().revoked_at is not None


def test_the_last_owner_stays(cast: Cast) -> None:
    owner = Member.objects.get(user=cast.owner)
    with assert_nothing_changed():
        assert press(cast.owner, page_of(cast), "take_off_member", id=owner.pk).status_code == 409
    Member.objects.create(user=cast.stranger, merchant=cast.merchant, role=Member.Role.OWNER)
    assert press(cast.owner, page_of(cast), "take_off_member", id=owner.pk).status_code == 302
    assert client_of(cast.owner).get(page_of(cast)).status_code == 404


def test_a_driver_gives_its_orders_away_first_and_keeps_its_name_on_them(cast: Cast) -> None:
    order = make_order(cast, 6, driver=cast.courier_row, stood="accepted")
    with assert_nothing_changed():
        refused = press(cast.owner, page_of(cast), "take_off_driver", id=cast.courier_row.pk)
        assert refused.status_code == 409
    assert order.called in refused.content.decode()
    order.driver = None
    order.save(update_fields=["driver"])
    me = APIClient()
    me.force_authenticate(cast.courier)
    assert press(cast.owner, page_of(cast), "take_off_driver", id=cast.courier_row.pk).status_code == 302
    cast.courier_row.refresh_from_db()
    assert (cast.courier_row.on_duty, cast.courier_row.left_at is None) == (False, False)
    assert client_of(cast.courier).get("/drive").status_code == 403
    assert cast.courier.email not in client_of(cast.owner).get(page_of(cast)).content.decode()
    with assert_nothing_changed():
        assert press(cast.owner, page_of(cast), "take_off_driver", id=cast.courier_row.pk).status_code == 404
        assert press(cast.owner, page_of(cast), "take_off_driver", id=cast.driver_row.pk).status_code == 404
    # And may be invited back.
    path = invited(cast, "courier", email=cast.courier.email)
    assert client_of(cast.courier).post(path).status_code == 302
    cast.courier_row.refresh_from_db()
    assert (cast.courier_row.left_at, cast.courier_row.vendor) == (None, cast.vendor)


def test_a_dispatcher_is_out_at_once(cast: Cast) -> None:
    row = Dispatcher.objects.get(user=cast.dispatcher)
    boss = User.objects.create_superuser("root@example.org")
    assert client_of(cast.dispatcher).get("/dispatch").status_code == 200
    assert press(boss, company_page(cast), "take_off_dispatcher", id=row.pk).status_code == 302
    assert client_of(cast.dispatcher).get("/dispatch").status_code == 403


def test_the_page_costs_a_fixed_number_of_statements(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        user = make_user(f"Member {number}")
        Member.objects.create(user=user, merchant=cast.merchant)
        Invitation.objects.create(
            kind="staff", email=f"{number}@example.org", merchant=cast.merchant, expires_at="2030-01-01T00:00:00Z"
        )
    client = client_of(cast.owner)
    with django_assert_max_num_queries(15):
        page = client.get(page_of(cast)).content.decode()
    assert page.count("<details>") == 22


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_several_who_accept_at_once_one_account_is_made(cast: Cast) -> None:
    path = invited(cast)
    answers = together([lambda: accept_as_new(path).status_code] * 4, at_once=4)
    assert sorted(answers)[0] == 302
    assert answers.count(302) == 1
    assert User.objects.filter(email=NEW).count() == Member.objects.filter(user__email=NEW).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_links_to_drive_that_are_accepted_at_once_one_counts(cast: Cast) -> None:
    paths = [invited(cast, "courier", email=cast.stranger.email)]
    root = User.objects.create_superuser("root@example.org")
    fields = {"kind": "driver", "email": cast.stranger.email}
    assert press(root, company_page(cast), "invite", **fields).status_code == 302
    paths.append(links()[-1])
    calls = [lambda path=path: client_of(cast.stranger).post(path).status_code for path in paths]
    assert sorted(together(calls, at_once=2)) == [302, 409]
    assert Driver.objects.filter(user=cast.stranger).count() == 1
    assert Invitation.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["taken off", "given"])
@pytest.mark.parametrize("way", ["named", "accepts"])
def test_nobody_is_given_an_order_while_being_taken_off(cast: Cast, way: str, first: str) -> None:
    """Whichever is under way is waited for: nobody who has left carries an order."""
    order = make_order(cast, Status.LOOKING_FOR_DRIVER)
    path = f"/api/v1/orders/{order.pk}"

    def give() -> int:
        me = APIClient()
        if way == "named":
            me.force_authenticate(cast.owner)
            return int(me.patch(path, {"driver": cast.courier_row.pk}, format="json").status_code)
        me.force_authenticate(User.objects.select_related("driver").get(pk=cast.courier.pk))
        given = {"transition": "accept_by_driver"}
        return int(me.post(f"{path}/transitions", given, format="json").status_code)

    def take_off() -> int:
        return int(press(cast.owner, page_of(cast), "take_off_driver", id=cast.courier_row.pk).status_code)

    one, other = (take_off, give) if first == "taken off" else (give, take_off)
    with transaction.atomic():
        assert one() == (302 if first == "taken off" else 200)
        behind = beside(other)
        with pytest.raises(TimeoutError):  # it waits: it has not seen what is not committed
            behind.result(1)
    refused = 400 if (way, first) == ("named", "taken off") else 409
    assert behind.result(60) == refused
    driver = Driver.objects.get(pk=cast.courier_row.pk)
    given_to = Order.objects.get(pk=order.pk).driver_id
    assert (driver.left_at is None, given_to) == ((False, None) if first == "taken off" else (True, driver.pk))
