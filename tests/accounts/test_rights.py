"""Rights, the roles that hold them, and who may change an account."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client

from ordersite.accounts.callers import SYSTEM, Caller, caller_of_user
from ordersite.accounts.models import ApiToken, User
from ordersite.accounts.rights import Right, holders, holds_rights_of, permissions_of
from ordersite.accounts.roles import ROLES
from ordersite.core.faults import Forbidden
from ordersite.web.problems import as_problem
from tests.cast import PASSWORD, Cast, in_roles, make_clerk, make_manager, make_user
from tests.office import choose

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_every_right_is_a_permission_that_exists() -> None:
    known = {
        f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
    }
    assert {right.value for right in Right} <= known
    assert {held for rights in ROLES.values() for held in rights} <= known


def test_rights_need_is_staff_and_an_account_that_is_on() -> None:
    clerk = in_roles(make_clerk(), "finance")
    assert caller_of_user(clerk).may_everywhere(Right.PAY_OUT)
    assert holders([clerk.pk], Right.PAY_OUT, Right.ACT_EVERYWHERE) == {clerk.pk}
    assert holders([clerk.pk], Right.PAY_OUT, Right.FORCE_ORDERS) == set()
    for fields in ({"is_staff": False}, {"is_active": False}):
        User.objects.filter(pk=clerk.pk).update(**{"is_staff": True, "is_active": True, **fields})
        caller = caller_of_user(User.objects.get(pk=clerk.pk))
        assert not any(caller.may(right) for right in Right)
        assert holders([clerk.pk], Right.PAY_OUT) == set()
    bare = caller_of_user(make_clerk(name="Bare Clerk"))
    assert not any(caller.may(right) for caller in (bare, Caller(), Caller(merchant_id=1)) for right in Right)
    assert all(SYSTEM.may(right) for right in Right)
    with pytest.raises(Forbidden) as refused:
        bare.require(Right.PAY_OUT)
    assert "orders.pay_out" in as_problem(refused.value).detail


def test_roles_hold_what_their_table_says_and_other_groups_stay() -> None:
    own = Group.objects.create(name="night shift")
    own.permissions.set(Permission.objects.filter(codename="view_order"))
    support, finance = Group.objects.get(name="support"), Group.objects.get(name="finance")
    support.permissions.set(Permission.objects.filter(codename__in=["delete_order", "add_order"]))
    finance.delete()
    told = StringIO()
    call_command("make_roles", stdout=told)
    assert told.getvalue() == "6 roles: support, finance, bookkeeper, catalogue, dispatcher, vendor manager.\n"
    for name, rights in ROLES.items():
        person = in_roles(make_user(f"Of {name}"), name)
        assert permissions_of(person) == rights, name
    assert list(own.permissions.values_list("codename", flat=True)) == ["view_order"]


def test_who_changes_an_account_holds_all_of_its_rights(cast: Cast) -> None:
    editor = make_clerk(Right.ACT_EVERYWHERE, "accounts.view_user", "accounts.change_user", Right.VIEW_ORDERS)
    root = make_user("Rita Root", is_staff=True, is_superuser=True)
    switched_off = in_roles(make_user("Oda Off", is_staff=False, is_active=False), "finance")
    more = [cast.staff, root, make_manager(cast.vendor), switched_off, cast.owner, cast.courier, cast.dispatcher]
    client = client_of(editor)
    for other in more:
        assert not holds_rights_of(editor, other), other
        before = User.objects.filter(pk=other.pk).values().get()
        for page in ("change", "password"):
            data = {"email": "taken@example.org", "password1": PASSWORD + "1", "password2": PASSWORD + "1"}
            assert client.post(f"{USERS}{other.pk}/{page}/", data).status_code == 403, (other, page)
        assert User.objects.filter(pk=other.pk).values().get() == before
    less = make_clerk(Right.VIEW_ORDERS, name="Less Clerk")
    for other in (cast.customer, less):
        assert holds_rights_of(editor, other), other
        data = {"usable_password": "true", "password1": PASSWORD + "1", "password2": PASSWORD + "1"}
        assert client_of(editor).post(f"{USERS}{other.pk}/password/", data).status_code == 302
        assert User.objects.get(pk=other.pk).check_password(PASSWORD + "1")
    # One's own is changed where the old one is asked for.
    assert holds_rights_of(editor, editor)
    answer = client.post(f"{USERS}{editor.pk}/password/", data)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/password_change/")
    assert User.objects.get(pk=editor.pk).check_password(PASSWORD)


def test_nobody_gives_rights_that_it_does_not_hold(cast: Cast) -> None:
    rights = ("accounts.view_user", "accounts.change_user", *sorted(ROLES["dispatcher"]))
    editor, other = make_clerk(*rights), make_user("Nils New")
    client, url = client_of(editor), f"{USERS}{other.pk}/change/"
    form = client.get(url).context["adminform"].form
    assert set(form.fields["groups"].queryset.values_list("name", flat=True)) == {"dispatcher"}
    given = form.fields["user_permissions"].queryset
    assert {f"{one.content_type.app_label}.{one.codename}" for one in given} == set(rights)
    assert "is_superuser" not in form.fields
    finance = Group.objects.get(name="finance")
    answer = client.post(url, {"email": other.email, "groups": [finance.pk], "is_superuser": "on"})
    assert answer.status_code == 200
    other.refresh_from_db()
    assert (other.groups.count(), other.is_superuser) == (0, False)


def test_groups_are_for_superusers(cast: Cast) -> None:
    clerk = make_clerk("auth.view_group", "auth.change_group", "auth.add_group", "auth.delete_group", *Right)
    group = Group.objects.get(name="support")
    for path in ("", "add/", f"{group.pk}/change/", f"{group.pk}/delete/"):
        assert client_of(clerk).get(f"/admin/auth/group/{path}").status_code == 403
    root = make_user("Rita Root", is_staff=True, is_superuser=True)
    assert client_of(root).get(f"/admin/auth/group/{group.pk}/change/").status_code == 200


def test_whose_account_a_customer_is_is_no_field(cast: Cast) -> None:
    client = client_of(in_roles(make_clerk(), "support"))
    url = f"/admin/accounts/customer/{cast.customer_row.pk}/change/"
    assert "user" not in client.get(url).context["adminform"].form.fields
    client.post(url, {"name": "Clara", "user": cast.stranger.pk})
    cast.customer_row.refresh_from_db()
    assert cast.customer_row.user_id == cast.customer.pk


def test_tokens_of_people_with_more_rights_are_not_revoked(cast: Cast) -> None:
    editor = make_clerk(Right.ACT_EVERYWHERE, "accounts.view_apitoken", "accounts.change_apitoken")
    fields = {"hint": "ost_", "scopes": ["read"]}
    staffs = ApiToken.objects.create(name="s", user=cast.staff, token_hash="1", **fields)
    customers = ApiToken.objects.create(name="c", user=cast.customer, token_hash="2", **fields)
    client, path = client_of(editor), "/admin/accounts/apitoken/"
    choose(client, path, "revoke", [staffs, customers])
    told = [str(message) for message in client.get(path).context["messages"]]
    assert told == [
        "1 API tokens revoked.",
        "1 belong to people with more rights than you: they were not revoked.",
    ]
    living = ApiToken.objects.filter(revoked_at=None)
    assert list(living) == [staffs]
