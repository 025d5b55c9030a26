"""What a life does with money: paying, refunding, what a provider and the worker do, and payouts."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.test import Client

from orders.models import Posting
from orders.services.money import payouts
from orders.services.moving import timers
from orders.services.paying import due_payments, refunds
from ordersite.accounts.callers import caller_of_user
from tests.orders.online import notice
from tests.promises import oracle_prices as prices
from tests.promises.lives_watched import WatchedLife
from tests.promises.lives_world import EUR, ORDERS, amount_of, eur, photo
from tests.promises.oracle import (
    Differs,
    Order,
    Payment,
    Share,
    check_nobody_gains,
)

# How far the clock is set forward at a time: within the time to undo, beyond it, beyond the time to pay, for days.
LEAPS = (timedelta(minutes=1), timedelta(minutes=6), timedelta(minutes=45), timedelta(days=3))


def purse_of(owner: str) -> payouts.Purse:
    kind, pk = owner.split(":")
    return payouts.Purse(currency=EUR, **{f"{kind}_id": int(pk)})


class PayingLife(WatchedLife):
    """Pays, gives back and pays out."""

    # Money that comes in

    def do_pay(self, order: Order) -> bool:
        """The payer goes to the provider's page and pays there, fails, gives up, or pays another amount."""
        waiting = [share for share in order.shares if share.payment.method == "fake" and share.owed]
        if not waiting:
            return False
        share = self.dice.choice(waiting)
        status = self.dice.choice(("paid", "paid", "paid", "paid", "failed", "canceled", "expired", "another", ""))
        return self.pay(share, status)

    def pay(self, share: Share, status: str, *, is_told: bool | None = None) -> bool:
        payment = share.payment
        told = self.told.orders[share.order.id]["payments"]
        url = next((row["checkout_url"] for row in told if row["id"] == payment.id), None)
        if not url:
            return False
        page = Client().get("/pay/" + url.rstrip("/").split("/pay/")[1])
        self.log.append(f"payer opens the page of payment {payment.id} → {page.status_code}")
        if page.status_code == 303:
            self.references[payment.id or 0] = reference = page["Location"].split("/")[-1]
            payment.under_way = True
            if status == "another" and (len(payment.shares) > 1 or share.received):
                status = "paid"
            if status == "another":
                self.pay_another(payment, reference)
            elif status:
                self.world.provider.pay(reference, status)
            self.log.append(f"payer: {status or 'leaves it open'} at {reference}")
            if self.dice.random() < 0.85 if is_told is None else is_told:
                assert notice(reference, self.world.clients["guest"]).status_code == 200
                self.log.append("the provider tells it")
        self.look(share.order)
        return True

    def pay_another(self, payment: Payment, reference: str) -> None:
        """Another amount comes in than was asked for."""
        row = self.world.provider.ledger.payments[reference]
        asked = prices.minor(amount_of(row))
        came = max(1, asked + self.dice.choice((-100, 100)))
        row["amount"]["value"] = eur(came)["amount"]
        self.world.provider.pay(reference, "paid")
        self.came[payment.id or 0] = came

    def do_decide(self, order: Order) -> bool:
        """Staff say where goes what came in instead of what was asked for, or waive what is owed."""
        owing = [share for share in order.shares if share.owed]
        if not owing:
            return False
        share = next((one for one in owing if one.payment.state == "disputed"), self.dice.choice(owing))
        payment, what = share.payment, self.dice.choice(("approve", "refuse", "waive"))
        if payment.state != "disputed":
            what = "waive"
        path, body = f"{ORDERS}/{order.id}/payments/{payment.id}/{what}", {"reason": "So it is."}
        answer = self.call("staff", "post", path, body)
        if answer.status_code == 200 and payment.state != "disputed":
            self.book.waived(order, share)
        elif answer.status_code == 200:
            came = self.came.pop(payment.id or 0)
            if what == "approve":
                self.book.settled(payment, came)
            else:
                self.book.turned_down(payment, came, asks_anew=what == "refuse")
        return self.looked(order, answer.status_code == 200)

    def do_photos(self, order: Order) -> bool:
        who = self.customer_of(order)
        path = f"{ORDERS}/{order.id}/payments"
        answer = self.call(who, "post", path, {"photo": [photo()]}, order=order.id, format="multipart")
        return self.looked(order, answer.status_code == 201)

    def do_attest(self, order: Order) -> bool:
        """Somebody says that cash or a transfer came in: staff, or the vendor into whose hands it goes."""
        if not order.shares:
            return False
        payment = self.dice.choice(order.shares).payment
        who = self.somebody(order, "vendor", "staff")
        answer = self.call(who, "post", f"{ORDERS}/{order.id}/payments/{payment.id}/approve")
        if answer.status_code == 200 and payment.state != "received":
            if who != "staff" and not payment.is_vendors:
                raise Differs(f"the vendor attests payment {payment.id}, whose money goes to the platform")
            if payment.state == "disputed":
                self.book.settled(payment, self.came.pop(payment.id or 0))
            else:
                self.book.came_in(payment, only=order if payment.method == "cash" else None, by_staff=who == "staff")
        return self.looked(order, answer.status_code == 200)

    def do_doubt(self, order: Order) -> bool:
        """Staff do not believe the photos."""
        waiting = [share.payment for share in order.shares if share.payment.state == "proof_pending"]
        if not waiting:
            return False
        path, body = f"{ORDERS}/{order.id}/payments/{waiting[0].id}/refuse", {"reason": "Nothing came."}
        answer = self.call("staff", "post", path, body)
        return self.looked(order, answer.status_code == 200)

    # Money that goes back

    def do_refund(self, order: Order) -> bool:
        """All, an amount, or lines go back; staff are granted what is there."""
        dice = self.dice
        who, to = self.somebody(order, "vendor", "staff"), dice.choice(("source", "wallet"))
        how = dice.choice(("all", "amount", "amount", "lines"))
        lines = list(order.amounts.lines)
        amount, wishes = order.kept, dict[int, int | None]()
        body: dict[str, Any] = {"to": to, "reason": "Cold"}
        if how == "amount":
            amount = dice.randint(1, max(1, order.kept + dice.choice((0, 0, 100))))
            body["amount"] = eur(amount)
        elif how == "lines":
            chosen = dice.sample(lines, dice.randint(1, len(lines)))
            wishes = {line.id: dice.choice((None, dice.randint(1, line.item.quantity))) for line in chosen}
            body["items"] = [
                {"item": pk, **({} if quantity is None else {"quantity": quantity})} for pk, quantity in wishes.items()
            ]
            included = not order.amounts.tax_added
            parts = {
                line.id: prices.part_of_line(line, quantity=wishes[line.id], tax_is_added=not included)
                for line in chosen
            }
            amount = sum(parts.values())
        before = self.told.ledger.get(order.id, Counter())
        answer = self.call(who, "post", f"{ORDERS}/{order.id}/refunds", body)
        if answer.status_code == 201:
            self.book.repay(order, amount, to=to)
            if wishes:
                lines = [replace(line, refunded=line.refunded + parts.get(line.id, 0)) for line in lines]
                order.amounts = replace(order.amounts, lines=tuple(lines))
        elif who == "staff" and how != "lines" and to == "source" and 0 < amount <= order.kept:
            raise Differs(f"order {order.id}: staff are refused {amount} of {order.kept}: {answer.json()}")
        self.look(order)
        check_nobody_gains(order, before, self.told.ledger.get(order.id, Counter()))
        return bool(answer.status_code == 201)

    def do_finish_refund(self, order: Order) -> bool:
        """What waits for somebody: given by hand, or instead of the provider to the wallet."""
        waiting = [one for one in order.refunds if one.state in ("by_hand", "failed")]
        if not waiting:
            return False
        refund, staff = self.dice.choice(waiting), caller_of_user(self.world.cast.staff)
        if self.dice.random() < 0.5:
            done = self.service("staff finish_by_hand", refunds.finish_by_hand, refund_id=refund.id, caller=staff)
        else:
            done = self.service("staff send_to_wallet", refunds.send_to_wallet, refund_id=refund.id, caller=staff)
            if done:
                self.book.refund_goes_to_wallet(order, refund)
        return self.looked(order, done)

    def do_provider(self, order: Order) -> bool:
        """The provider is done with a refund, or fails, and tells it or not."""
        open_ones = [
            (reference, row["id"])
            for reference, rows in self.world.provider.ledger.refunds.items()
            for row in rows
            if row["status"] == "pending"
        ]
        if not open_ones:
            return False
        reference, refund = self.dice.choice(open_ones)
        status = self.dice.choice(("refunded", "failed"))
        self.world.provider.finish_refund(reference, refund, status)
        self.log.append(f"the provider: refund {refund} {status}")
        if self.dice.random() < 0.7:
            assert notice(reference, self.world.clients["guest"]).status_code == 200
        self.look()
        return True

    def do_worker(self, order: Order) -> bool:
        """Time passes, and the worker does what is due: asks the provider, charges, sends refunds, runs timers."""
        if self.dice.random() < 0.7:
            self.world.clock.ahead += self.dice.choices(LEAPS, (6, 6, 2, 1))[0]
        due_payments.run_due_payments()
        self.log.append(f"the worker at +{self.world.clock.ahead}: the gateway")
        self.look()
        timers.run_due()
        self.log.append("the worker: the timers")
        self.look()
        return True

    # Purses

    def do_hand_in(self, order: Order) -> bool:
        """Cash of a driver's, or of a vendor's, comes to the platform."""
        holders = sorted(name for name, amount in self.book.totals().items() if name.startswith("cash:") and amount < 0)
        if not holders:
            return False
        holder = self.dice.choice(holders)
        held = -self.book.total(holder)
        amount = self.dice.choice((held, self.dice.randint(1, held)))
        done = self.service(
            "staff hand_in", payouts.hand_in, purse=purse_of(holder.removeprefix("cash:")), amount=amount, actor="staff"
        )
        if not done:
            raise Differs(f"{amount} of {held} of {holder} is not taken in")
        self.remember(lambda: self.book.handed_in(holder, amount))
        self.compare_books()
        return True

    def do_pay_out(self, order: Order) -> bool:
        owners = sorted(name for name in self.book.totals() if name.split(":")[0] in ("vendor", "driver"))
        if not owners:
            return False
        owner = self.dice.choice(owners)
        net = self.book.total(owner) + self.book.total(f"cash:{owner}")
        amount = self.dice.choice((net, self.dice.randint(1, max(1, net))))
        done = self.service("staff pay_out", payouts.pay_out, purse=purse_of(owner), amount=amount, actor="staff")
        if done != (0 < amount <= net):
            raise Differs(f"{owner}, to whom {net} is owed, was paid {amount}: {done}")
        if done:
            self.remember(lambda: self.book.paid_out(owner, amount))
        self.compare_books()
        return done

    def remember(self, write: Callable[[], None]) -> None:
        """Writes what moved without an order to the book, so that it can be taken back."""
        was = Counter(self.book.loose)
        write()
        moved = Counter(self.book.loose)
        moved.subtract(was)
        self.loose.append((Posting.objects.latest("pk").pk, moved))

    def do_reverse(self, order: Order) -> bool:
        """A payout that never arrived, or cash that was not handed in, is taken back, once."""
        if not self.loose:
            return False
        posting, moved = self.dice.choice(self.loose)
        done = self.service("staff reverse", payouts.reverse_movement, posting_id=posting, actor="staff", reason="Lost")
        if done:
            self.loose.remove((posting, moved))
            self.book.loose.subtract(moved)
        self.compare_books()
        return done
