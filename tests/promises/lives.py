"""Random lives of orders through the API: a seeded dice draws who does what, and the oracle looks after each step.

A life runs in a transaction of its own that is rolled back: each begins with the same database, so that its seed and
number alone replay it. A failure tells both, and every call that was made.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import transaction

from tests.promises import oracle_prices as prices
from tests.promises.lives_paying import PayingLife
from tests.promises.lives_placing import PlacingLife
from tests.promises.lives_watched import REFUSED, Pending
from tests.promises.lives_world import METHODS, ORDERS, eur
from tests.promises.oracle import (
    FAILURE,
    SUCCESS,
    Differs,
    Order,
    Share,
)
from tests.promises.oracle_prices import Line

ONWARD = frozenset("accept mark_ready collect complete look_for_driver accept_by_driver pick_up depart deliver".split())
BACKWARD = frozenset("undo_delivery undo_collect undo_complete reopen undo_reject retry_delivery".split())


class Failed(AssertionError):
    """A life that went wrong: how to replay it, and all that was done."""


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# What a life's steps are, and how often each is drawn.
STEPS = {
    "move": 34,
    "refund": 9,
    "edit": 9,
    "pay": 9,
    "worker": 7,
    "tip": 6,
    "attest": 6,
    "method": 5,
    "drive": 5,
    "consent": 4,
    "finish_refund": 3,
    "provider": 3,
    "hand_in": 3,
    "pay_out": 3,
    "reverse": 1,
    "place": 3,
    "decide": 3,
    "photos": 2,
    "doubt": 2,
    "prepare": 2,
    "terms": 2,
    "delete": 1,
}


class Life(PlacingLife, PayingLife):
    """One random life of `steps` steps."""

    def run(self, steps: int) -> None:
        """Lives it; raises Failed with its seed, its number and all that was done."""
        try:
            with undone():
                self.begin()
                for _ in range(steps):
                    self.step()
                self.end()
        except Exception as error:
            told = "\n".join(f"  {line}" for line in self.log)
            where = f"life {self.number} of seed {self.seed} (replay: P30_SEED={self.seed} P30_LIFE={self.number})"
            raise Failed(f"{where}\n{told}\n{type(error).__name__}: {error}") from error

    # --- how it begins ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Other terms and prices each time, in most lives an offer, and a first order."""
        self.prepare()
        for _ in range(8):
            if self.place():
                break

    # --- steps --------------------------------------------------------------------------------------------------

    def step(self) -> None:
        names = list(STEPS)
        name = self.dice.choices(names, [STEPS[one] for one in names])[0]
        shown = [order for order in self.book.orders.values() if not order.was_deleted]
        if not shown:
            self.place()
            return
        # Mostly what is open: there is more to do.
        live = [order for order in shown if not order.is_closed]
        order = self.dice.choice(live if live and self.dice.random() < 0.75 else shown)
        if getattr(self, f"do_{name}")(order):
            self.done[name] += 1

    def do_move(self, order: Order) -> bool:
        """Any change of status that somebody may make; most go on."""
        dice = self.dice
        parts = ("customer", "vendor", "vendor", "driver", "courier", "company", "company driver", "staff")
        who = self.somebody(order, *parts)
        offered = self.offered_to(who, order)
        names = [row["name"] for row in offered]
        names = [name for name in names if not (name == "cancel_by_customer" and self.shares_an_offer(order))]
        if not names:
            return False
        # Most go on, so that lives reach a success; some turn back or end.
        onward = [row for row in names if row in ONWARD]
        backward = [row for row in names if row in BACKWARD]
        ends = {row["name"] for row in offered if row["to"]["code"] in FAILURE}
        beside = [row for row in names if row not in ends]
        chance = dice.random()
        wanted = onward if chance < 0.65 else backward if chance < 0.8 else beside if chance < 0.93 else names
        pool = wanted or beside or (names if chance > 0.8 else [])
        if not pool:
            return False
        name = dice.choice(pool)
        reason_code = dice.choice(("mistake", "customer_absent", "other"))
        body = {"transition": name, "reason_code": reason_code, "reason": "So it is."}
        body["code"] = body["proof"] = self.told.orders[order.id].get("collection_code") or ""
        response = self.call(who, "post", f"{ORDERS}/{order.id}/transitions", body, order=order.id)
        if response.status_code != 200:
            return False
        self.done[f"move {name}"] += 1
        self.look(order, name=name, role=self.part_of(who), reason_code=reason_code)
        return True

    def offered_to(self, who: str, order: Order) -> list[dict[str, Any]]:
        """What the API offers somebody to do with an order."""
        if who == "staff":
            rows: list[dict[str, Any]] = self.told.orders[order.id]["allowed_transitions"]
            return rows
        headers = {"Order-Token": self.tokens[order.id]} if who == "guest" else {}
        answer = self.world.clients[who].get(f"{ORDERS}/{order.id}/transitions", headers=headers)
        return list(answer.json().get("allowed_transitions", ()))

    def shares_an_offer(self, order: Order) -> bool:
        """Whether its customer's cancelling would reckon the offer of other orders anew."""
        return order.offer is not None and any(
            peer is not order and peer.offer is order.offer and not peer.is_closed for peer in order.peers
        )

    def do_prepare(self, order: Order) -> bool:
        who = self.world.member_of(order.vendor)
        done = bool(self.call(who, "post", f"{ORDERS}/{order.id}/start-preparing").status_code == 200)
        return self.looked(order, done)

    def do_drive(self, order: Order) -> bool:
        """Somebody is named to carry it, or a parcel carrier's number is told."""
        dice, cast = self.dice, self.world.cast
        who = self.somebody(order, "vendor", "staff", "company")
        if dice.random() < 0.2:
            path, body = f"{ORDERS}/{order.id}/tracking-number", {"tracking_number": "3SABC"}
            done = self.call(who, "post", path, body).status_code < 300
        else:
            driver = dice.choice((cast.driver_row, cast.courier_row, cast.company_driver_row))
            fields = dice.choice(({"driver": driver.pk}, {"driver": driver.pk}, {"self_delivery": dice.random() < 0.5}))
            done = self.call(who, "patch", f"{ORDERS}/{order.id}", fields).status_code == 200
        return self.looked(order, done)

    def do_tip(self, order: Order) -> bool:
        tip, who = self.dice.choice((0, self.dice.randrange(2000))), self.somebody(order, "customer", "staff")
        answer = self.call(who, "patch", f"{ORDERS}/{order.id}", {"driver_tip": eur(tip)}, order=order.id)
        if answer.status_code == 200:
            self.book.tip_changed(order, tip)
        return self.looked(order, answer.status_code == 200)

    def do_method(self, order: Order) -> bool:
        method, who = self.dice.choice(METHODS), self.somebody(order, "customer", "staff")
        path, body = f"{ORDERS}/{order.id}/payments", {"payment_method": method}
        answer = self.call(who, "post", path, body, order=order.id)
        if answer.status_code == 201 and method != order.method:
            self.book.method_changed(order, method)
        return self.looked(order, answer.status_code == 201)

    # Items

    def do_edit(self, order: Order) -> bool:
        """An item is added, changed or removed; a rise that is not the customer's own waits for its consent."""
        dice = self.dice
        who = self.somebody(order, "customer", "vendor", "staff")
        action = dice.choice(("add", "change", "remove", "missing"))
        line = dice.choice(order.amounts.lines)
        if order.kind != "regular" and dice.random() < 0.9:
            return False
        item = (
            self.draw_item(order.vendor)
            if action == "add"
            else replace(line.item, quantity=self.draw_quantity(line.item.product))
        )
        path = f"{ORDERS}/{order.id}/items" + ("" if action == "add" else f"/{line.id}")
        if action in ("add", "change"):
            verb = "post" if action == "add" else "put"
            answer = self.call(who, verb, path, {**item.as_json(), "reason": "So it is."}, order=order.id)
        elif action == "remove":
            answer = self.call(who, "delete", f"{path}?reason=So", order=order.id)
        else:
            answer = self.call(who, "post", f"{path}/missing", {"reason": "So"}, order=order.id)
        if answer.status_code in REFUSED:
            return self.looked(order, False)
        gone = action in ("remove", "missing")
        wish = Pending(
            action="remove" if gone else action,
            line=None if action == "add" else line.id,
            item=None if gone else item,
            rise=0,
        )
        by_customer = self.part_of(who) == "customer"
        lines = self.lines_with(order, wish)
        after = self.book.amounts_with(order, lines, by_customer=by_customer)
        wish.rise = after.total - order.amounts.total
        told = {name: prices.minor(value) for name, value in answer.json()["amounts"].items()}
        if told != after.told():
            raise Differs(f"order {order.id}: an edit told {told}, reckoned {after.told()}")
        waits = action == "missing" or (wish.rise > 0 and not by_customer)
        change = answer.json()["change"]
        if (change["state"] == "waiting") != waits:
            raise Differs(f"order {order.id}: a change of {wish.rise} by {who} is {change['state']}")
        if waits:
            self.pending[order.id, change["number"]] = wish
        else:
            self.book.edited(order, lines, by_customer=by_customer)
        self.look(order)
        return True

    def lines_with(self, order: Order, wish: Pending) -> list[Line]:
        menu, lines = self.menus[order.vendor], list(order.amounts.lines)
        if wish.action == "add" and wish.item:
            return [*lines, menu.line(wish.item)]
        changed = []
        for line in lines:
            if line.id != wish.line:
                changed.append(line)
            elif wish.item is not None:
                changed.append(menu.line_instead(line, wish.item))
        return changed

    def do_consent(self, order: Order) -> bool:
        """A change that waits is accepted for the price that was shown, or refused."""
        numbers = [number for order_id, number in self.pending if order_id == order.id]
        if not numbers:
            return False
        number, what = self.dice.choice(numbers), self.dice.choice(("accept", "accept", "refuse"))
        who = self.somebody(order, "customer", "customer", "staff")
        path = f"{ORDERS}/{order.id}/changes/{number}/{what}"
        answer = self.call(who, "post", path, {"reason": "So it is."}, order=order.id)
        code = answer.json().get("code", "")
        if answer.status_code == 200 or code in ("change_lapsed", "change_decided"):
            wish = self.pending.pop((order.id, number))
            if answer.status_code == 200 and what == "accept":
                lines, was = self.lines_with(order, wish), order.amounts.total
                self.book.edited(order, lines, by_customer=False)
                if order.amounts.total - was != wish.rise:
                    raise Differs(f"order {order.id}: {wish.rise} was shown, and {order.amounts.total - was} is asked")
        return self.looked(order, answer.status_code == 200)

    def do_delete(self, order: Order) -> bool:
        answer = self.call("staff", "delete", f"{ORDERS}/{order.id}")
        if answer.status_code == 204:
            if not order.is_closed:
                raise Differs(f"order {order.id} was deleted in status {order.status}")
            order.was_deleted = True
        return self.looked(order, answer.status_code == 204)

    # --- how it ends --------------------------------------------------------------------------------------------

    def end(self) -> None:
        """An open order can be left, and one that can be paid completed: both are tried, and taken back."""
        live = [pk for pk, order in self.book.orders.items() if not order.is_closed]
        for order_id in self.dice.sample(live, min(1, len(live))):
            for way in (self.leave, self.complete):
                book, told = copy.deepcopy(self.book), copy.deepcopy(self.told)
                with undone():
                    way(self.book.orders[order_id])
                self.book, self.told = book, told
        answer = self.world.clients["customer"].get("/api/v1/wallet").json()["balances"]
        if [prices.minor(row) for row in answer] != [self.book.total(self.world.wallet)]:
            raise Differs(f"the wallet is told as {answer}")

    def leave(self, order: Order) -> None:
        body = {"to": 2, "reason_code": "mistake"}
        answer = self.call("staff", "post", f"{ORDERS}/{order.id}/transitions", body)
        if answer.status_code != 200:
            raise Differs(f"order {order.id} cannot be left: {answer.json()}")
        self.look(order, name="cancel_by_staff", role="staff", reason_code="mistake")

    def complete(self, order: Order) -> None:
        """Whatever is owed comes in, by whoever can say so; then staff complete it.

        One of which all was given back waits for staff's decision.
        """
        if order.given and not order.kept:
            return
        for share in [share for share in order.shares if share.owed and share.payment.method != "cash"]:
            if not self.charge(order, share):
                return
        for _ in range(3):
            rows = self.told.orders[order.id]["allowed_transitions"]
            names = {row["name"]: row["to"]["code"] for row in rows}
            name = next(
                (name for name, code in names.items() if code in SUCCESS), "accept" if "accept" in names else ""
            )
            if name == "" and order.kind == "digital":
                return  # codes are waited for
            body = {"transition": name, "reason_code": "mistake", "proof": "seen"}
            answer = self.call("staff", "post", f"{ORDERS}/{order.id}/transitions", body)
            if answer.status_code != 200:
                raise Differs(f"order {order.id} cannot be completed: {answer.json()}")
            self.look(order, name=name, role="staff", reason_code="mistake")
            if order.status in SUCCESS:
                return
        raise Differs(f"order {order.id} was not completed")

    def charge(self, order: Order, share: Share) -> bool:
        """What is owed comes in; False where nobody can say so."""
        payment = share.payment
        if payment.method == "transfer" or payment.state == "disputed":
            answer = self.call("staff", "post", f"{ORDERS}/{order.id}/payments/{payment.id}/approve")
            if answer.status_code != 200:
                raise Differs(f"order {order.id}: payment {payment.id} cannot be settled: {answer.json()}")
            if payment.state == "disputed":
                self.book.settled(payment, self.came[payment.id or 0])
            else:
                self.book.came_in(payment)
            self.look(order)
            return True
        return self.pay(share, "paid", is_told=True) and not share.owed
