"""Promise 30, at once: twenty acts on one order or account. Whatever came first, the oracle finds every cent.

Each granted act made a version of the order. Told to the oracle in that order, as if one had come after the other, they
must lead to what the API and the ledger tell.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from orders.services.money import payouts
from orders.services.paying import provider_answers, receiving
from orders.services.record import order_update
from tests.cast import Cast
from tests.conftest import bearer_of
from tests.controls.trusting_notices import believe_what_was_read, lock_payment_without_a_lock
from tests.controls.unlocked_money import get_without_a_lock, purse_without_a_lock
from tests.orders.online import Provider, notice, running_provider
from tests.promises.crowd import together
from tests.promises.lives import Life
from tests.promises.lives_placing import DrawnCart
from tests.promises.lives_watched import facts_of
from tests.promises.lives_world import ORDERS, Clock, World, eur
from tests.promises.oracle import Order, compare_order
from tests.promises.oracle_prices import Item, Zone

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT_ONCE = 20
SEED = 31


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with running_provider(settings) as server:
        server.refund_takes = None
        yield server


@pytest.fixture
def life(cast: Cast, provider: Provider) -> Life:
    """A vendor with fees, a commission and prices for cancelling, and a customer with money: nothing is ordered yet."""
    with transaction.atomic():
        life = Life(World(cast, provider, Clock()), SEED, 0)
        life.prepare()
    return life


def place(life: Life, method: str) -> Order:
    """Three sodas and a pizza, collected."""
    cast, vendor = life.world.cast, life.world.cast.vendor.pk
    items = [Item(product=cast.products["soda"].pk, quantity=3), Item(product=cast.products["pizza"].pk)]
    body = {"vendor": vendor, "items": [item.as_json() for item in items], "delivery_type": "pickup"}
    lines = [life.menus[vendor].line(item) for item in items]
    cart = DrawnCart("regular", vendor, body, lines, life.terms[vendor], Zone(), delivered=False)
    (order,) = life.place_carts("customer", [cart], method, tip=300)
    return order


# --- acts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """Something that somebody asks for, and what the oracle then makes of it.

    `changes_nothing` tells of an act that may be granted without a new version, such as the tip that there is already.
    """

    who: str
    verb: str
    path: str
    body: dict[str, Any]
    follow: Callable[[Life, Order, dict[str, Any]], None]
    changes_nothing: bool = False

    @property
    def name(self) -> str:
        return self.path.split("/")[1] if self.path else "tip"

    def made(self, event: dict[str, Any]) -> bool:
        """Whether an event of the history tells of it."""
        if not self.changes_nothing:
            return True
        if self.name == "transitions":
            return bool(event["transition"] == self.body["transition"])
        new = (event["data"] or {}).get("new", {})
        return all(new.get(name) == value for name, value in self.body.items())

    def ask(self, life: Life, order_id: int) -> Any:
        """By a client of its own: it asks in a thread."""
        client = APIClient(headers={"Authorization": bearer_of(life.world.users[self.who])})
        client.raise_request_exception = False
        return getattr(client, self.verb)(f"{ORDERS}/{order_id}{self.path}", self.body)


def refund(amount: int, to: str) -> Act:
    def follow(life: Life, order: Order, answer: dict[str, Any]) -> None:
        life.book.repay(order, amount, to=to)

    return Act("staff", "post", "/refunds", {"amount": eur(amount), "to": to}, follow)


def tip(amount: int) -> Act:
    def follow(life: Life, order: Order, answer: dict[str, Any]) -> None:
        life.book.tip_changed(order, amount)

    return Act("customer", "patch", "", {"driver_tip": eur(amount)}, follow, changes_nothing=True)


def edit(order: Order, quantity: int, who: str) -> Act:
    """So many of the first line; who is not the customer proposes a rise, which changes nothing yet."""
    line = order.amounts.lines[0]
    item = replace(line.item, quantity=quantity)

    def follow(life: Life, order: Order, answer: dict[str, Any]) -> None:
        if answer["change"]["state"] == "applied":
            first, *others = order.amounts.lines
            lines = [life.menus[order.vendor].line_instead(first, item), *others]
            life.book.edited(order, lines, by_customer=who == "customer")

    return Act(who, "put", f"/items/{line.id}", item.as_json(), follow)


def pay_by(method: str) -> Act:
    def follow(life: Life, order: Order, answer: dict[str, Any]) -> None:
        life.book.method_changed(order, method)

    return Act("customer", "post", "/payments", {"payment_method": method}, follow, changes_nothing=True)


def move(who: str, name: str) -> Act:
    def follow(life: Life, order: Order, answer: dict[str, Any]) -> None:
        role = "vendor" if who == "owner" else who
        life.book.moved(order, facts_of(answer), name=name, role=role, reason_code="mistake")

    body = {"transition": name, "reason_code": "mistake"}
    return Act(who, "post", "/transitions", body, follow, changes_nothing=True)


# --- a race ---------------------------------------------------------------------------------------------------------


Granted = tuple[Act, dict[str, Any]]


def race(life: Life, order: Order, acts: Sequence[Act], beside: Sequence[Callable[[], Any]] = ()) -> Counter[str]:
    """All of them at once; then the oracle is told what was granted, and looks. How many of each were granted."""
    calls: list[Callable[[], Any]] = [partial(act.ask, life, order.id) for act in acts]
    return tell_oracle(life, order, acts, together([*calls, *beside], at_once=AT_ONCE)[: len(acts)])


def tell_oracle(life: Life, order: Order, acts: Sequence[Act], answers: Sequence[Any]) -> Counter[str]:
    """Tells the oracle what was granted, in the order of the versions, and looks. How many of each were granted.

    A failure tells which act made which version, so that it can be replayed one act after the other.
    """
    by_version: dict[int, list[Granted]] = {}
    for act, answer in zip(acts, answers, strict=True):
        assert answer.status_code < 300 or answer.status_code in (403, 404, 409, 503), (act, answer.content[:300])
        if answer.status_code < 300:
            by_version.setdefault(int(answer["ETag"].strip('"')), []).append((act, answer.json()))
    made = makers(life, order, by_version)
    try:
        check(life, order, made)
    except AssertionError as error:
        for version, granted in sorted(made.items()):
            error.add_note(f"version {version}: {granted[0] if granted else 'a notice of the provider'}")
        raise
    return Counter(act[0].name for act in made.values() if act)


def makers(life: Life, order: Order, by_version: dict[int, list[Granted]]) -> dict[int, Granted | None]:
    """Which act made each version, by the order's history; None for a provider's notice.

    Others that answer the same version found that there was nothing to change.
    """
    made: dict[int, Granted | None] = {}
    for event in life.world.clients["staff"].get(f"{ORDERS}/{order.id}/history").json()["results"]:
        if "paid" in (event["data"] or {}):
            made[event["number"]] = None
        elif event["number"] in by_version:
            granted = by_version[event["number"]]
            fitting = [one for one in granted if one[0].made(event)]
            made[event["number"]] = min(fitting or granted, key=lambda one: one[0].changes_nothing)
    for version, granted in by_version.items():
        idle = [one[0] for one in granted if one is not made[version]]
        assert all(act.changes_nothing for act in idle), f"several acts made version {version}: {granted}"
    return made


def check(life: Life, order: Order, made: dict[int, Granted | None]) -> None:
    """One after the other they lead to what there is: the versions without a gap, amounts, payments, every account."""
    told = life.world.clients["staff"].get(f"{ORDERS}/{order.id}").json()
    first = min(made, default=told["version"] + 1)
    assert sorted(made) == list(range(first, told["version"] + 1))
    for version in sorted(made):
        granted = made[version]
        if granted is None:
            life.book.came_in(order.shares[0].payment)
        else:
            granted[0].follow(life, order, granted[1])
    order.facts = facts_of(told)
    compare_order(order, told)
    life.compare_books()


def shuffled(dice: random.Random, acts: list[Act]) -> list[Act]:
    dice.shuffle(acts)
    return acts


def who_end_it(dice: random.Random) -> list[Act]:
    """Two who cancel, or (in most rounds, so that the others have their chance) accept."""
    if dice.random() < 0.4:
        return [move("customer", "cancel_by_customer"), move("staff", "cancel_by_staff")]
    return [move("owner", "accept"), move("staff", "accept")]


def acts_on_wallet(dice: random.Random, order: Order) -> list[Act]:
    """Six refunds, four tips, four edits, four changes of method, and two who cancel or accept."""
    amount = lambda: dice.randrange(1, 400)  # noqa: E731
    return shuffled(
        dice,
        [
            *(refund(amount(), dice.choice(("source", "wallet"))) for _ in range(6)),
            *(tip(amount()) for _ in range(4)),
            *(edit(order, dice.choice((1, 2, 4, 5)), who) for who in ("customer", "customer", "owner", "staff")),
            *(pay_by(method) for method in ("cash", "wallet", "cash", "wallet")),
            *who_end_it(dice),
        ],
    )


def test_what_a_wallet_paid(life: Life, full: bool, figure: Callable[[str], None]) -> None:
    dice, rounds, done = random.Random(SEED), 20 if full else 3, Counter[str]()
    for _ in range(rounds):
        order = place(life, "wallet")
        done += race(life, order, acts_on_wallet(dice, order))
    figure(
        f"refunds, tips, edits, methods and cancelling of a wallet's order, {AT_ONCE} at once × {rounds}: {dict(done)}"
    )


@pytest.mark.parametrize("taken_back", [(4, 2, 4), (4, 1, 2)])
def test_a_rise_that_fell_to_nothing_is_asked_for_again(life: Life, taken_back: Sequence[int]) -> None:
    """Paid, then dearer, cheaper than before, dearer again: the payment of the first rise is the second one's too."""
    order = place(life, "fake")
    notice(pay_at_provider(life, order))
    acts = [edit(order, quantity, "customer") for quantity in taken_back]
    assert tell_oracle(life, order, acts, [act.ask(life, order.id) for act in acts]) == {"items": 3}
    newest, first = order.shares
    assert (first.owed, newest.is_extra, newest.received) == (0, True, 0)
    assert newest.owed > 0


def without_order_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever acts on an order reads it, decides, and then writes."""
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    monkeypatch.setattr(order_update, "lock_purchase", lambda order_id: None)


def race_again(race_once: Callable[[], object]) -> None:
    """Eight rounds of a control: on a busy machine not every one has two that meet."""
    for _ in range(8):
        race_once()


def test_control_without_the_order_s_lock(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    without_order_locks(monkeypatch)
    dice = random.Random(SEED)
    with pytest.raises(AssertionError):
        race_again(lambda: race(life, order := place(life, "wallet"), acts_on_wallet(dice, order)))


def pay_at_provider(life: Life, order: Order) -> str:
    """Opens the page and pays there; nobody was told yet."""
    told = life.told.orders[order.id]["payments"][0]
    page = Client().get("/pay/" + told["checkout_url"].split("/pay/")[1])
    reference = page["Location"].split("/")[-1]
    order.shares[0].payment.under_way = True
    life.world.provider.pay(reference, "paid")
    return reference


def acts_on_online(dice: random.Random, order: Order) -> list[Act]:
    """Three refunds, tips, edits and changes of method each, and two who cancel or accept, beside six notices."""
    return shuffled(
        dice,
        [
            *(refund(dice.randrange(1, 400), dice.choice(("source", "wallet"))) for _ in range(3)),
            *(tip(dice.randrange(1, 400)) for _ in range(3)),
            *(edit(order, dice.choice((1, 2, 4)), "customer") for _ in range(3)),
            *(pay_by(method) for method in ("cash", "wallet", "transfer")),
            *who_end_it(dice),
        ],
    )


def race_with_notices(life: Life, dice: random.Random) -> Counter[str]:
    order = place(life, "fake")
    reference = pay_at_provider(life, order)
    return race(life, order, acts_on_online(dice, order), [partial(notice, reference)] * 6)


def test_what_a_provider_tells(life: Life, full: bool, figure: Callable[[str], None]) -> None:
    dice, rounds, done = random.Random(SEED), 20 if full else 3, Counter[str]()
    for _ in range(rounds):
        done += race_with_notices(life, dice)
    figure(f"notices beside refunds, tips, edits, methods and cancelling, {AT_ONCE} at once × {rounds}: {dict(done)}")


def test_control_without_the_payment_s_lock(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_answers, "lock_payment", lock_payment_without_a_lock)
    monkeypatch.setattr(receiving, "lock_payment", believe_what_was_read)
    without_order_locks(monkeypatch)
    dice = random.Random(SEED)
    with pytest.raises(AssertionError):
        race_again(lambda: race_with_notices(life, dice))


def acts_on_success(dice: random.Random) -> list[Act]:
    """Nine refunds, and two who take the success back, beside nine payouts."""
    return shuffled(
        dice,
        [
            *(refund(dice.randrange(1, 200), dice.choice(("source", "wallet"))) for _ in range(9)),
            move("owner", "undo_collect"),
            move("staff", "cancel_by_staff"),
        ],
    )


def race_with_payouts(life: Life, dice: random.Random) -> tuple[int, Counter[str]]:
    """How many payouts of 1.00 were granted of what an order brought its vendor, and how many of the other acts."""
    vendor, order = life.world.cast.vendor.pk, place(life, "wallet")
    for who, name in (("owner", "accept"), ("owner", "mark_ready"), ("owner", "collect")):
        life.call(who, "post", f"{ORDERS}/{order.id}/transitions", {"transition": name})
        life.look(order, name=name, role="vendor")
    owed, answers = life.book.total(f"vendor:{vendor}"), []
    staff = bearer_of(life.world.users["staff"])

    def pay_out() -> None:
        client = APIClient(headers={"Authorization": staff})
        client.raise_request_exception = False
        answer = client.post(f"/api/v1/vendors/{vendor}/payouts", {"amount": eur(100)})
        answers.append(answer.status_code)
        if answer.status_code == 201:
            life.book.paid_out(f"vendor:{vendor}", 100)

    done = race(life, order, acts_on_success(dice), [pay_out] * 9)
    paid = answers.count(201)
    assert set(answers) <= {201, 409}
    assert paid * 100 <= max(owed, 0)
    return paid, done


def test_what_is_owed_is_paid_out_once(life: Life, full: bool, figure: Callable[[str], None]) -> None:
    dice, rounds, done, paid = random.Random(SEED), 20 if full else 3, Counter[str](), 0
    for _ in range(rounds):
        granted, others = race_with_payouts(life, dice)
        paid, done = paid + granted, done + others
    figure(f"payouts beside refunds and undoing, {AT_ONCE} at once × {rounds}: {paid} payouts, {dict(done)}")


def test_control_without_the_purse_s_lock(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payouts, "lock_purse", purse_without_a_lock)
    without_order_locks(monkeypatch)
    with pytest.raises(AssertionError):
        race_with_payouts(life, random.Random(SEED))
