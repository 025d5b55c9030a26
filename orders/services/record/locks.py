"""The one order in which rows are locked, so that no two transactions wait for each other in a circle.

    idempotency key, driver, purchase, orders by id, print jobs, stock by product, slot, offer, wallets by id,
    day numbers, streams by kind and id

A transaction may leave out some of these but never goes back. The first four are locked here; each of the others is
locked by the one module that changes it.
"""

from django.db import connection
from django.db.models import Exists

from orders.models import Order, Purchase
from vendors.models import Driver


def lock_driver(driver_id: int) -> Driver:
    """Locks a driver's row for what it reports; orders may be given to it meanwhile. One statement."""
    return Driver.objects.select_for_update(no_key=True).get(pk=driver_id)


def lock_purchase(order_id: int) -> None:
    """Locks the purchase of an order, which goes before the order, for a change of what it costs; one statement."""
    wanted = Order.objects.filter(pk=order_id).values("purchase")
    Purchase.objects.select_for_update(no_key=True).only("pk").filter(pk__in=wanted).first()


def lock_bought_together(order_id: int) -> None:
    """Locks an order with an offer, its purchase and all its orders by id: cancelled, it may change what others cost.

    One statement, which locks nothing where there is no offer.
    """
    together = Order.objects.filter(purchase__orders=order_id, offer__isnull=False).select_related("purchase")
    list(together.select_for_update(of=("purchase", "self"), no_key=True).order_by("pk").only("pk", "purchase__id"))


def lock_limited_driver(order_id: int, driver_id: int) -> None:
    """Locks a driver, which goes before the order that it accepts, where its vendor has a limit for how many it holds.

    One statement, which locks nothing where there is no limit.
    """
    limited = Order.objects.filter(pk=order_id, vendor__driver_orders__isnull=False)
    Driver.objects.select_for_update(no_key=True).filter(Exists(limited), pk=driver_id).first()


def hold_employed_driver(driver_id: int) -> bool:
    """Whether a driver has not left, and does not before the transaction ends; one statement.

    The order is locked by then: the lock is one that reports and limits do not ask for, only who takes the driver off
    (`dismiss_driver`), and that waits for no order.
    """
    if connection.vendor != "postgresql":  # one transaction writes at a time
        return Driver.objects.filter(pk=driver_id, left_at=None).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM vendors_driver WHERE id = %s AND left_at IS NULL FOR KEY SHARE", [driver_id])
        return cursor.fetchone() is not None
