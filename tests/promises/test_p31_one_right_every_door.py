"""Promise 31: one right, every door. Right × act × door, and `is_staff` alone opens nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from ordersite.accounts.callers import Caller
from ordersite.accounts.models import User
from ordersite.accounts.rights import Right
from ordersite.accounts.roles import ROLES
from tests.cast import Cast, in_roles, make_clerk, make_manager
from tests.orders.online import started
from tests.orders.shopping import assert_nothing_changed
from tests.promises import rights_page
from tests.promises.acts import ACTS, CUSTOMERS_ALONE, Act
from tests.promises.everybody import World, bodies, make_world
from tests.promises.test_p16_nobody_sees_anothers import call, table
from tracking.feed import watchers
from tracking.feed.closings import FORBIDDEN

UNSEEN = (401, 403, 404)


@pytest.fixture
def world(cast: Cast, settings: Any) -> World:
    settings.FAKE_PAYMENTS_URL = started().url
    return make_world(cast)


def client_of(user: User) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})


def send(world: World, act: Act, user: User) -> int:
    """The status that the act answers to somebody, of Clara's order at Burger Bar."""
    method, path = act.call.split()
    sent = bodies(world)
    body = act.body if act.body is not None else sent.get(act.call)
    if act.call == "POST /orders":
        body = {**sent["POST /orders"], "customer": world.cast.stranger_row.pk}
    url = "/api/v1" + path.format(**world.paths["own"]) + act.query
    return int(call(client_of(user), method, url, body).status_code)


def try_act(world: World, act: Act, user: User) -> int:
    """The same; whatever it did is taken back."""
    with transaction.atomic():
        status = send(world, act, user)
        transaction.set_rollback(True)
    return status


def refuse_act(world: World, act: Act, user: User) -> None:
    """Asserts that somebody is refused the act, and that nothing changes by the try."""
    with assert_nothing_changed(world.orders["claras"]):
        status = send(world, act, user)
    assert status in UNSEEN, f"{act.name}: {status}"


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_an_act_of_the_api_asks_for_its_rights_and_for_no_other(world: World, act: Act) -> None:
    exactly = make_clerk(Right.ACT_EVERYWHERE, *act.rights, name="Exa Ctly")
    wanted = try_act(world, act, world.cast.staff)
    assert wanted not in UNSEEN
    assert try_act(world, act, exactly) == wanted
    for missing in (Right.ACT_EVERYWHERE, *act.rights):
        others = [right for right in Right if right != missing]
        refuse_act(world, act, make_clerk(*others, name=f"Not {missing.name}"))
    refuse_act(world, act, make_clerk(name="Bare Clerk"))
    outsider = make_clerk(*Right, name="Out Sider")
    User.objects.filter(pk=outsider.pk).update(is_staff=False)
    refuse_act(world, act, outsider)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_what_the_page_says(world: World, role: str) -> None:
    """The table of docs/rights.md: each act of the API by each role; a vendor manager for its own vendor alone."""
    manages = role == "vendor manager"
    person = make_manager(world.cast.vendor) if manages else in_roles(make_clerk(name="Rolf Role"), role)
    elsewhere = make_manager(world.cast.other_vendor, "Nora Elsewhere") if manages else make_clerk(name="Bare Clerk")
    for act in ACTS:
        may = act.own if manages else set(act.rights) <= ROLES[role]
        assert (try_act(world, act, person) not in UNSEEN) == may, act.name
        if act.call != "GET /orders":  # the list of another vendor's orders is hers
            assert try_act(world, act, elsewhere) in UNSEEN, act.name


def test_the_page_of_rights_is_what_the_code_says() -> None:
    assert rights_page.PAGE.read_text() == rights_page.page()


def test_every_call_that_knows_staff_is_in_the_table(world: World, figure: Callable[[str], None]) -> None:
    """Whatever answers staff otherwise than a customer who has nothing to do with it asks for a right."""
    listed = {act.call for act in ACTS}
    nobody, staff = make_clerk(name="Bare Clerk"), world.cast.staff
    User.objects.filter(pk=nobody.pk).update(is_staff=False)
    differ = set()
    for method, path, side in table():
        if side == "own":
            plain = Act("", f"{method} {path}", ())
            if try_act(world, plain, nobody) != try_act(world, plain, staff):
                differ.add(plain.call)
    assert differ - CUSTOMERS_ALONE <= listed
    assert listed - differ <= {"GET /orders", "POST /orders", "POST /webhooks"}  # which ask for more than the path says
    figure(f"{len(ACTS)} acts × {len(Right)} rights by the API, each refused without its own")


def test_a_socket_of_staff_asks_for_the_right_and_ends_with_it(world: World) -> None:
    stands, bare = make_clerk(Right.ACT_EVERYWHERE, Right.VIEW_ORDERS), make_clerk(name="Bare Clerk")
    nowhere = make_clerk(Right.VIEW_ORDERS, name="No Where")
    watching = {}
    for clerk in (stands, bare, nowhere):
        credential = watchers.by_bearer(str(AccessToken.for_user(clerk)))
        watching[clerk] = watchers.at_vendor(world.cast.vendor.pk, credential)
    refused = watchers.refusals(watching.values())
    assert refused == {watching[bare]: FORBIDDEN, watching[nowhere]: FORBIDDEN}
    stands.user_permissions.clear()
    assert watchers.refusals([watching[stands]]) == {watching[stands]: FORBIDDEN}


def test_control_without_the_question_it_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The promise's own test must fail where staff may do anything."""
    monkeypatch.setattr(Caller, "may", lambda self, right: self.user is not None and self.user.is_staff)
    with pytest.raises(AssertionError):
        test_an_act_of_the_api_asks_for_its_rights_and_for_no_other(world, ACTS[0])
