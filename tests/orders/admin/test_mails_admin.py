"""Mails in the back-office: what came of each, what it says, sending one again, and how each kind looks."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import Order
from ordersite.accounts.mail_kinds import KINDS
from ordersite.accounts.mails import queue_mail
from ordersite.accounts.models import DeclinedMail, Mail
from ordersite.accounts.rights import Right
from tests.cast import Cast, in_roles, make_clerk
from tests.office import choose, delete, send
from tests.orders.admin.test_desk_volume import MOST_READ, plans_that_read
from tests.orders.outgoing.test_order_mails import link, sent
from tests.orders.shopping import cart, place_order, row_counts
from tests.web.test_page_languages import OTHERS
from tracking import mails

LIST, DECLINED = "/admin/accounts/mail/", "/admin/accounts/declinedmail/"


def clerk_with(*codenames: str, rights: tuple[Right, ...] = (Right.ACT_EVERYWHERE,)) -> Any:
    clerk = make_clerk(*rights)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return clerk


@pytest.fixture
def bounced(cast: Cast, api: Any) -> Mail:
    """The mail of a placing, which the mail server has refused for good."""
    place_order(api(cast.customer), cart(cast))
    sent()
    Mail.objects.update(state="bounced", error="550 5.1.1 no mailbox here")
    return Mail.objects.get()


def test_a_bounced_mail_is_shown_and_sent_again(cast: Cast, bounced: Mail, client: Client) -> None:
    client.force_login(in_roles(make_clerk(), "support"))
    text = client.get(LIST).content.decode()
    for shown in (cast.customer.email, bounced.about, "refused by the mail server", "550 5.1.1 no mailbox here"):
        assert shown in text
    page = client.get(f"{LIST}{bounced.pk}/change/").content.decode()
    order = Order.objects.get()
    assert bounced.about == f"order:{order.pk}"
    assert f"Your order {order.called} at Burger Bar" in page
    mail.outbox.clear()
    for _ in range(2):  # the second finds that it waits
        choose(client, LIST, "resend", [bounced])
    bounced.refresh_from_db()
    assert (bounced.state, bounced.error, bounced.tries) == ("waiting", "", 0)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (str(bounced.pk), "Sent again")
    assert mails.send_due() == 1
    assert len(mail.outbox) == 1
    bounced.refresh_from_db()
    assert bounced.state == "sent"


def test_who_may_only_look_sends_nothing(bounced: Mail, client: Client) -> None:
    client.force_login(clerk_with("view_mail"))
    before = (row_counts(), Mail.objects.values().get())
    choose(client, LIST, "resend", [bounced])
    assert (row_counts(), Mail.objects.values().get()) == before
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize(("rights", "sees"), [((), False), ((Right.VIEW_ORDERS,), True)])
def test_what_a_mail_says_of_an_order_is_for_who_may_see_orders(
    cast: Cast, api: Any, client: Client, rights: tuple[Right, ...], sees: bool
) -> None:
    order = place_order(api(cast.customer), cart(cast))
    sent()
    client.force_login(clerk_with("view_mail", rights=(Right.ACT_EVERYWHERE, *rights)))
    text = client.get(f"{LIST}{Mail.objects.get().pk}/change/").content.decode()
    assert (link(order) in text, "Pizza" in text) == (sees, sees)


def test_a_link_that_lets_somebody_in_is_shown_to_nobody(cast: Cast, client: Client) -> None:
    queue_mail("password_reset", cast.customer.email)
    queue_mail("text", cast.customer.email, subject="Old", text="http://127.0.0.1/secret-link")
    client.force_login(cast.staff)
    for row in Mail.objects.all():
        text = client.get(f"{LIST}{row.pk}/change/").content.decode()
        assert "Its link is for its reader alone." in text
        assert "secret-link" not in text
        assert "/password-reset/" not in text


@pytest.mark.parametrize("term", ["clara.customer@example.org", "CLARA.CUSTOMER@example.org", "order:{}", "{}", "#{}"])
def test_mails_are_found_by_address_and_by_order(cast: Cast, bounced: Mail, client: Client, term: str) -> None:
    queue_mail("order_unseen", "other@example.org", about="order:999999")
    client.force_login(cast.staff)
    text = client.get(LIST, {"q": term.format(bounced.about.partition(":")[2])}).content.decode()
    assert (cast.customer.email in text, "other@example.org" in text) == (True, False)


def test_the_list_costs_a_fixed_number_of_statements(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(cast.staff)
    for _ in range(30):
        queue_mail("order_unseen", "ann@example.org", about="order:1")
    with django_assert_max_num_queries(12):
        assert client.get(LIST).status_code == 200


@pytest.mark.postgres
@pytest.mark.slow
def test_no_filter_of_the_list_reads_all_mails(cast: Cast, client: Client) -> None:
    """Of 30,000 one in a thousand bounced, and one in a thousand is of a rare kind."""
    queue_mail("order_done", "n@example.org", about="order:1")
    names = [field.column for field in Mail._meta.concrete_fields if not field.primary_key]
    different = {
        "state": "CASE n % 1000 WHEN 0 THEN 'bounced' ELSE 'sent' END",
        "kind": "CASE n % 1000 WHEN 1 THEN 'webhook_disabled' ELSE 'order_done' END",
        "recipient": "n || '@example.org'",
        "about": "'order:' || n",
        "due_at": "NULL",
    }
    values = ", ".join(different.get(name, name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO accounts_mail ({', '.join(names)}) SELECT {values} FROM accounts_mail,"
            " generate_series(1, 30000) n"
        )
        cursor.execute("ANALYZE accounts_mail")
    client.force_login(cast.staff)
    for query in ({}, {"state": "bounced"}, {"kind": "webhook_disabled"}, {"q": "7@example.org"}, {"q": "#4711"}):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST, query).status_code == 200
        assert plans_that_read(MOST_READ, "accounts_mail", queries) == [], query


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_each_kind_is_shown_in_each_language(cast: Cast, client: Client, language: str) -> None:
    client.force_login(cast.staff)
    answer = client.get(f"{LIST}kinds/", {"language": language})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert all(kind.title in text for kind in KINDS.values())
    subjects = {
        "en": "Your order D12 at Burger Bar is on its way",
        "fr": "Votre commande D12 chez Burger Bar est en route",
        "nl": "Uw bestelling D12 bij Burger Bar is onderweg",
        "es": "Su pedido D12 en Burger Bar va de camino",
    }
    assert subjects[language] in text
    html = client.get(f"{LIST}kinds/", {"language": language, "kind": "order_on_way"})
    assert f'<h1 style="font-size: 1.25em">{subjects[language]}</h1>' in html.content.decode()
    assert "sandbox" in html["Content-Security-Policy"]


@pytest.mark.parametrize("query", [{"language": "xx"}, {"kind": "xx"}, {"kind": ""}, {"language": ""}])
def test_other_kinds_and_languages_are_not_found(cast: Cast, client: Client, query: dict[str, str]) -> None:
    client.force_login(cast.staff)
    assert client.get(f"{LIST}kinds/", query).status_code == 404


def test_support_switches_mails_off_for_who_asks(cast: Cast, client: Client) -> None:
    client.force_login(in_roles(make_clerk(), "support"))
    form = {"email": " Ann@Example.org", "kind": "order_done"}
    for _ in range(2):
        send(client, f"{DECLINED}add/", **form)
    row = DeclinedMail.objects.get()
    assert (row.email, row.kind) == ("ann@example.org", "order_done")
    send(client, f"{DECLINED}add/", email="ann@example.org", kind="order_placed")
    assert DeclinedMail.objects.count() == 1
    assert delete(client, f"{DECLINED}{row.pk}/delete/").status_code == 302
    assert DeclinedMail.objects.count() == 0
