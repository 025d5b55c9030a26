"""Promise 23: 10,000 random carts add up to the minor unit, and so does the ledger after whole lives of orders."""

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from django.db.models import Sum
from rest_framework.test import APIClient

from orders import pricing
from orders.checkout import Cart, Checked, Draft, Place
from orders.lifecycle.table import SUCCESS, Fulfilment
from orders.models import Account, Entry, Kind, Order, Payment, PaymentShare, Purchase
from orders.pricing import (
    CartExtra,
    CartItem,
    CartOption,
    Discount,
    Priced,
    PricedLine,
    Terms,
    price_lines,
    single_line,
)
from orders.services.capacity.offers import applies_to, give_offer
from orders.services.placing.checkout_prices import add_up, divide_tip
from orders.services.repricing.plan import less_of
from ordersite.core.faults import Step
from ordersite.core.fields import Field
from ordersite.core.money import half_up
from tests.cast import Cast
from tests.controls.unlocked_money import divide_by_rounding
from tests.orders.prices import price_cart
from tests.orders.proving import assert_ledger_proves_itself
from tests.orders.shopping import ORDERS, balance_of, cart, eur, fill_wallet, sums
from vendors.menu import Menu, MenuExtra, MenuGroup, MenuOption, MenuProduct, Zone
from vendors.models import Offer, Stock, Vendor
from vendors.services.menus import menu_of
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]


def amount(dice: random.Random, most: int = 10**9) -> int:
    """Mostly what a menu holds; now and then nothing, a cent, or a fortune."""
    return dice.randrange(10_000) if dice.random() < 0.8 else dice.choice((0, 1, 99, most))


CHARGED = ("auto", "auto", "unit", "line")


def random_group(dice: random.Random, pk: int, most: int) -> MenuGroup:
    options = {
        pk * 10 + n: MenuOption(
            id=pk * 10 + n,
            name=f"Option {n}",
            kind="default",
            plu_code="",
            price=amount(dice, most),
            half_price=dice.choice((None, None, amount(dice, most))),
            max_quantity=5,
            preselected=False,
            is_available=True,
            charged=dice.choice(CHARGED),
        )
        for n in range(dice.randrange(1, 5))
    }
    return MenuGroup(
        id=pk,
        name=f"Group {pk}",
        minimum=0,
        maximum=99,
        allows_quantity=True,
        allows_halves=True,
        condition_id=None,
        options=options,
    )


def random_menu(dice: random.Random) -> Menu:
    products = {}
    for pk in range(1, dice.randrange(2, 6)):
        price_per = dice.choice((1, 1, 1000))
        # Of what is priced by the thousand hundreds are ordered: a fortune for each would be more than a cart may be.
        most = 10**9 if price_per == 1 else 10**4
        extras = {
            n: MenuExtra(
                id=n,
                name=f"Extra {n}",
                plu_code="",
                unit="st",
                price=amount(dice, most),
                max_quantity=5,
                charged=dice.choice(CHARGED),
            )
            for n in range(dice.randrange(3))
        }
        products[pk] = MenuProduct(
            id=pk,
            category_id=1,
            name=f"Product {pk}",
            description="",
            picture="",
            plu_code="",
            sku="",
            unit=dice.choice(("st", "st", "gr", "kg", "pers")),
            is_digital=False,
            price=amount(dice),
            price_per=price_per,
            tax_rate=dice.choice((0, 600, 888, 2100, 10_000, dice.randrange(10_000))),
            max_per_order=None,
            is_available=True,
            tracks_stock=False,
            groups=tuple(random_group(dice, pk * 10 + n, most) for n in range(dice.randrange(3))),
            extras=extras,
            ingredients={},
        )
    return Menu(vendor_id=1, version=1, currency="EUR", categories=(), products=products, spans=(), zones=())


def random_item(dice: random.Random, menu: Menu) -> CartItem:
    product = menu.products[dice.choice(list(menu.products))]
    options = [
        CartOption(option=pk, quantity=dice.randrange(1, 6), position=dice.choice(("whole", "left", "right")))
        for group in product.groups
        for pk in group.options
        if dice.random() < 0.6
    ]
    extras = [CartExtra(extra=pk, quantity=dice.randrange(1, 6)) for pk in product.extras if dice.random() < 0.6]
    quantity = dice.choice((1, 1, 2, 3, 7) if product.price_per == 1 else (1, 7, 250, 333, 1500))
    return CartItem(product=product.id, quantity=quantity, options=options, extras=extras)


def random_priced(dice: random.Random) -> tuple[Menu, Terms, Priced]:
    menu = random_menu(dice)
    rate = lambda: dice.choice((0, dice.randrange(10_000)))  # noqa: E731
    terms = Terms(
        prices_include_tax=dice.random() < 0.5,
        fee_tax_rate=rate(),
        service_fee=amount(dice),
        service_fee_rate=rate(),
        commission_rate=rate(),
    )
    free_from = dice.choice((None, amount(dice)))
    zone = Zone(id=1, name="Zone", radius=1, polygon=None, fee=amount(dice), minimum=0, free_from=free_from)
    priced = price_cart(
        menu,
        [random_item(dice, menu) for _ in range(dice.randrange(1, 8))],
        terms=terms,
        zone=dice.choice((None, zone)),
        discount=Discount(items=dice.choice((0, 0, amount(dice)))),
        driver_tip=dice.choice((0, amount(dice))),
        tip_to_driver=dice.random() < 0.5,
    )
    return menu, terms, priced


def exact_parts(line: PricedLine) -> list[Fraction]:
    """What a line's product and each of its choices cost, in minor units, before anything is rounded."""
    return [
        Fraction(line.unit_price * line.quantity, line.price_per),
        *(
            (part.price - Fraction(part.is_halved, 2))
            * part.quantity
            * (line.quantity if part.charged == "unit" else 1)
            for part in line.options
        ),
    ]


def check(priced: Priced, terms: Terms) -> None:
    """Every sum of promise 23, each reckoned here from the lines alone."""
    lines = priced.lines
    options = sum(part.total for line in lines for part in line.options)
    fees = priced.delivery_fee + priced.service_fee + priced.driver_tip
    assert sum(line.base for line in lines) + options + fees + priced.tax_added - priced.discount == priced.total
    assert priced.vendor_share + priced.driver_share + priced.platform_share == priced.total
    off_delivery = priced.discount - sum(line.discount for line in lines)
    assert 0 <= off_delivery <= priced.delivery_fee
    assert priced.platform_discount in (0, priced.discount)
    platform_before = priced.platform_share + priced.platform_discount
    assert min(priced.vendor_share, priced.driver_share, platform_before, priced.total) >= 0
    assert sum(line.discount for line in lines) <= priced.subtotal
    assert sum(line.total for line in lines) == priced.subtotal
    taxes = 0
    for line in lines:
        exact = exact_parts(line)
        assert line.total == floor(sum(exact) + Fraction(1, 2))
        for part, of_it in zip((line.base, *(part.total for part in line.options)), exact, strict=True):
            assert abs(part - of_it) < 1
        assert line.base + sum(part.total for part in line.options) == line.total
        assert 0 <= line.discount <= line.total
        by = 10_000 + line.tax_rate if terms.prices_include_tax else 10_000
        assert line.tax == half_up((line.total - line.discount) * line.tax_rate, by)
        taxes += line.tax
    for fee in (priced.service_fee, priced.delivery_fee - off_delivery):
        by = 10_000 + terms.fee_tax_rate if terms.prices_include_tax else 10_000
        taxes += half_up(fee * terms.fee_tax_rate, by)
    assert (priced.tax_included, priced.tax_added) == ((taxes, 0) if terms.prices_include_tax else (0, taxes))


def test_random_carts_add_up(figure: Callable[[str], None], full: bool) -> None:
    carts, dice, lines = 10_000 if full else 500, random.Random(23), 0
    for _ in range(carts):
        _, terms, priced = random_priced(dice)
        check(priced, terms)
        lines += len(priced.lines)
    figure(f"{carts:,} random carts of {lines:,} lines add up to the minor unit")


def test_fewer_units_of_a_line_cost_what_they_would_have_cost(figure: Callable[[str], None], full: bool) -> None:
    """Also in two steps, and for lines of before it was kept which choices cost half an odd price."""
    carts, dice, found = 10_000 if full else 1000, random.Random(29), 0
    for _ in range(carts):
        menu = random_menu(dice)
        item = random_item(dice, menu)
        if item.quantity == 1:
            continue
        line = price_lines(menu, [item])[0]
        middle = dice.randrange(1, item.quantity + 1)
        quantity = dice.randrange(1, middle + 1)
        anew = price_lines(menu, [replace(item, quantity=quantity)])[0]
        assert less_of(line, quantity) == less_of(less_of(line, middle), quantity) == anew
        if line.price_per == 1 and all(part.charged == "unit" for part in line.options):
            old = replace(line, options=tuple(replace(part, is_halved=False) for part in line.options))
            fewer = less_of(old, quantity)
            assert fewer.total == anew.total == fewer.base + sum(part.total for part in fewer.options)
        found += 1
    figure(f"{found:,} lines of fewer units, each at its own price to the minor unit")


KINDS = (Kind.REGULAR, Kind.REGULAR, Kind.DIGITAL, Kind.PACKAGE, Kind.SERVICE)


def random_draft(dice: random.Random, pk: int) -> Draft:
    """One vendor's part of a checkout, of any kind, as checking it would have made it."""
    menu, kind, rate = random_menu(dice), dice.choice(KINDS), lambda: dice.choice((0, dice.randrange(10_000)))
    if kind in (Kind.PACKAGE, Kind.SERVICE):
        lines = [single_line(kind.label, amount(dice), rate())]
    else:
        lines = price_lines(menu, [random_item(dice, menu) for _ in range(dice.randrange(1, 6))])
        if kind == Kind.REGULAR and dice.random() < 0.2:
            lines.append(single_line("By hand", amount(dice)))
    delivered = kind == Kind.PACKAGE or (kind != Kind.DIGITAL and dice.random() < 0.5)
    return Draft(
        cart=Cart(vendor_id=pk, at=(Step(Field.VENDORS, pk),)),
        vendor=Vendor(pk=pk, name=f"Vendor {pk}", currency="EUR"),
        menu=menu,
        kind=kind,
        fulfilment=Fulfilment.DELIVERY
        if delivered
        else Fulfilment.DIGITAL
        if kind == Kind.DIGITAL
        else Fulfilment.PICKUP,
        place=Place(),
        lines=lines,
        terms=Terms(
            prices_include_tax=dice.random() < 0.5,
            fee_tax_rate=rate(),
            service_fee=amount(dice),
            service_fee_rate=rate(),
            commission_rate=rate(),
        ),
        delivery_fee=amount(dice) if delivered else 0,
    )


def random_offer(dice: random.Random, drafts: list[Draft]) -> Offer:
    kind = dice.choice(("percentage", "amount", "free_delivery"))
    return Offer(
        pk=1,
        name="Offer",
        vendor_id=dice.choice((None, drafts[0].vendor.pk)),
        kind=kind,
        rate=dice.randrange(1, 10_001) if kind == "percentage" else None,
        amount=dice.randrange(1, 5000) if kind == "amount" else None,
        currency="EUR",
        most=dice.choice((None, dice.randrange(1, 3000))),
        borne_by=dice.choice(("vendor", "platform")),
    )


def random_checkout(dice: random.Random) -> tuple[list[Checked], int, Offer | None]:
    """One to four parts with an offer or none and a tip; the parts with their amounts, the tip, the offer."""
    drafts = [random_draft(dice, pk) for pk in range(1, dice.randrange(2, 6))]
    offer = random_offer(dice, drafts) if dice.random() < 0.6 else None
    reached = [index for index, draft in enumerate(drafts) if offer and applies_to(offer, draft)]
    given = give_offer(offer, drafts, reached) if offer else {}
    tip = dice.choice((0, 1, amount(dice)))
    tips = divide_tip(tip, drafts)
    return [add_up(draft, given.get(index), tips[index]) for index, draft in enumerate(drafts)], tip, offer


def check_checkout(parts: list[Checked], tip: int, offer: Offer | None) -> None:
    """Each part adds up by itself, and what was divided among them has lost nothing."""
    for part in parts:
        check(part.priced, part.draft.terms)
    assert sum(part.priced.driver_tip for part in parts) == tip
    worth = sum(part.draft.subtotal for part in parts if offer and applies_to(offer, part.draft))
    off = sum(part.priced.discount for part in parts)
    most = offer.most if offer and offer.most is not None else 10**13
    if offer is None:
        assert off == 0
    elif offer.kind == "amount":
        assert off == min(offer.amount or 0, worth, most)
    elif offer.kind == "percentage":
        assert off == min(half_up(worth * (offer.rate or 0), 10_000), most)
    shares = [part.priced.vendor_share + part.priced.driver_share + part.priced.platform_share for part in parts]
    assert sum(shares) == sum(part.priced.total for part in parts)


def test_random_checkouts_of_all_kinds_add_up(figure: Callable[[str], None], full: bool) -> None:
    carts, dice, parts, offers = 10_000 if full else 300, random.Random(23), 0, 0
    for _ in range(carts):
        checked, tip, offer = random_checkout(dice)
        check_checkout(checked, tip, offer)
        parts += len(checked)
        offers += offer is not None
    figure(f"{carts:,} checkouts of all kinds, {parts:,} orders, {offers:,} offers: every part and every sum")


def test_control_rounding_each_part_for_itself_loses_cents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pricing, "divide", divide_by_rounding)
    dice, wrong = random.Random(23), 0
    for _ in range(500):
        _, terms, priced = random_priced(dice)
        try:
            check(priced, terms)
        except AssertionError:
            wrong += 1
    assert wrong > 50


STEPS = 14
ONWARD = ("accept", "mark_ready", "collect", "complete", "look_for_driver", "accept_by_driver", "pick_up", "deliver")


def live(dice: random.Random, api: Api, cast: Cast, body: dict[str, Any]) -> Order | None:
    """Places a random cart and lets random parties do random allowed things; None where it was refused."""
    response = api(cast.customer).post(ORDERS, body)
    assert response.status_code in (201, 409), response.json()
    if response.status_code == 409:
        return None
    order_id = response.json()["orders"][0]["id"]
    users = (cast.customer, cast.owner, cast.driver, cast.staff)
    for _ in range(STEPS):
        client = api(dice.choice(users))
        if dice.random() < 0.2:
            tip = {"driver_tip": eur(f"{dice.randrange(9)}.{dice.randrange(100):02d}")}
            client.patch(
                f"{ORDERS}/{order_id}",
                tip if dice.random() < 0.7 else {"payment_method": dice.choice(("cash", "wallet"))},
            )
            continue
        offered = client.get(f"{ORDERS}/{order_id}/transitions").json().get("allowed_transitions", [])
        names = [row["name"] for row in offered]
        # Most steps go on, so that lives reach a success; some turn back.
        onward = [name for name in names if name in ONWARD]
        if names:
            name = dice.choice(onward if onward and dice.random() < 0.8 else names)
            moved = client.post(f"{ORDERS}/{order_id}/transitions", {"transition": name, "reason_code": "mistake"})
            assert moved.status_code in (200, 409, 403), moved.json()
    return Order.objects.get(pk=order_id)


def held_by(order: Order) -> dict[str, int]:
    """What each kind of account holds because of this order."""
    rows = Entry.objects.filter(posting__order=order).values("account__kind").annotate(held=Sum("amount"))
    return {row["account__kind"]: row["held"] for row in rows if row["held"]}


def check_life(order: Order) -> None:
    """The ledger says of this order what its status and its payment say."""
    held, payment = held_by(order), Payment.objects.get(purchase=order.purchase)
    assert sum(held.values()) == 0
    assert order.total == payment.amount == PaymentShare.objects.get(order=order).amount
    assert Purchase.objects.get(pk=order.purchase_id).total == order.total
    assert (
        order.total
        == order.subtotal - order.discount + order.delivery_fee + order.service_fee + order.driver_tip + order.tax_added
    )
    assert payment.state == order.payment_status
    by_wallet = payment.amount - payment.refunded if payment.provider == "wallet" else 0
    assert -held.get("wallet", 0) == by_wallet
    shares = {kind: held.get(kind, 0) for kind in ("vendor", "driver", "platform")}
    if order.status in SUCCESS:
        assert sum(shares.values()) == order.total
        assert shares["platform"] == order.platform_share
        assert held.get("cash", 0) == (-order.total if order.payment_method == "cash" else 0)
        assert held.get("clearing", 0) == 0
        assert order.payment_status == "paid"
    else:
        assert not any(shares.values())
        assert held.get("clearing", 0) == by_wallet


@pytest.mark.django_db
@pytest.mark.slow
def test_lives_of_orders_leave_a_ledger_that_adds_up(
    cast: Cast, api: Api, figure: Callable[[str], None], full: bool
) -> None:
    lives, dice = 100 if full else 20, random.Random(5)
    filled = 100_000
    fill_wallet(cast.customer_row, filled)
    Stock.objects.update(quantity=100_000)
    success = 0
    for number in range(lives):
        Vendor.objects.filter(pk=cast.vendor.pk).update(
            prices_include_tax=number % 2 == 0,
            fee_tax_rate=dice.randrange(3000),
            service_fee=dice.randrange(100),
            service_fee_rate=dice.randrange(1000),
            commission_rate=dice.randrange(3000),
        )
        bump_menu_version(cast.vendor.pk)
        menu = menu_of(Vendor.objects.get(pk=cast.vendor.pk))
        items: list[dict[str, Any]] = [
            {"product": dice.choice(list(menu.products)), "quantity": dice.randrange(1, 3)} for _ in range(3)
        ]
        burger = cast.products["burger"].pk
        for item in items:
            if item["product"] == burger:
                item["options"] = [{"option": cast.options["Large"].pk}]
            if item["product"] == cast.products["pizza"].pk:
                item["options"] = [{"option": cast.options["Olives"].pk, "position": "left"}]
        kind, method = dice.choice(("delivery", "pickup", "eat_in")), dice.choice(("cash", "wallet", "wallet"))
        # A soda alone lies below the zone's minimum.
        items.append({"product": cast.products["cake"].pk})
        body = cart(cast, delivery_type=kind, items=items, payment_method=method)
        order = live(dice, api, cast, body)
        if order is not None:
            check_life(order)
            success += order.status in SUCCESS
        held = sums()
        assert held.get(f"wallet:{cast.customer_row.pk}:EUR", 0) == balance_of(cast.customer_row)
        assert held["funding::EUR"] == -filled
    for order in Order.objects.all():
        check_life(order)
    assert_ledger_proves_itself()
    assert not Account.objects.filter(kind="wallet", balance__lt=0).exists()
    assert success
    figure(f"{lives} lives of orders, {success} to success, {Entry.objects.count()} entries that sum to zero each time")
