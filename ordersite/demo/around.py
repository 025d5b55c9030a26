"""What stands around the demo's vendors: offers, devices, tokens, a webhook, somebody invited, a mail not wanted.

Each by the service that a door would call, and once; nothing of it calls another host.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from orders.models import Order, WebhookDelivery, WebhookEndpoint
from orders.reading.refusal_words import refusal_in_words
from orders.services.bulk.bulk_changes import run_bulk_changes, select_orders, start_bulk_change
from orders.services.capacity.offer_terms import save_offer
from orders.services.outgoing.deliveries import TryOutcome, note_outcome, send_test
from orders.services.outgoing.endpoints import add_endpoint, change_endpoint
from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.mails import decline_mails
from ordersite.accounts.models import ApiToken, User
from ordersite.accounts.services import make_api_token
from ordersite.demo import sites
from vendors.models import Device, Driver, Invitation, Offer, Vendor
from vendors.services.devices import add_device, pair_device
from vendors.services.people import find_workplace, invite_person

PAIRED_FROM = "192.0.2.1"  # the network address that a tablet of the demo is paired from
HOOK = "http://127.0.0.1:9/orders"  # nobody answers there; it is paused
INVITED = "nora.new@example.com"
COURIER = "boris.bike@example.com"


@transaction.atomic
def furnish_vendors(users: dict[str, User]) -> None:
    """What a vendor's owner and staff set up; a second time nothing is added."""
    owner = caller_of_user(users[str(sites.VENDOR["email"])])
    burgers, bakery = (Vendor.objects.get(name=name) for name in ("Burger Haut", sites.TILL_VENDOR))
    add_offers(burgers, bakery)
    add_devices(owner, burgers, bakery)
    add_courier(burgers)
    if not ApiToken.objects.filter(name="Accounting").exists():
        make_api_token(
            users[str(sites.VENDOR["email"])],
            name="Accounting",
            scopes=["read"],
            merchant=burgers.merchant_id,
            expires_at=None,
        )
    if not WebhookEndpoint.objects.filter(url=HOOK).exists():
        add_paused_endpoint(owner, burgers.merchant_id)
    if not Invitation.objects.filter(email=INVITED).exists():
        place = find_workplace(owner, vendor_id=burgers.pk)
        invite_person(owner, place, kind=Invitation.Kind.MANAGER, email=INVITED)
    decline_mails("marta.kowalska@example.com", ["order_delayed"])


def add_offers(burgers: Vendor, bakery: Vendor) -> None:
    """All with a code: what is ordered without one costs what the menu says."""
    now = timezone.now()
    offers = (
        Offer(vendor=burgers, name="Ten per cent for new customers", code="WELCOME", kind="percentage", rate=1000),
        Offer(vendor=burgers, name="Students bring it home free", code="CAMPUS", kind="free_delivery", minimum=1500),
        Offer(vendor=bakery, name="Two euros off a tart", code="TARTE", kind="amount", amount=200, minimum=1800),
    )
    for offer in offers:
        if not Offer.objects.filter(code=offer.code).exists():
            offer.ends_at = now + timedelta(days=60)
            save_offer(offer=offer)


def add_courier(vendor: Vendor) -> None:
    """A courier of a vendor's own, off duty: nobody signs in as it, and it is asked for nothing."""
    user, is_new = User.objects.get_or_create(email=COURIER, defaults={"name": "Boris Bike"})
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    given = {"name": user.name, "phone": "+32470000012", "vendor": vendor, "on_duty": False}
    Driver.objects.get_or_create(user=user, defaults=given)


def add_devices(owner: Caller, burgers: Vendor, bakery: Vendor) -> None:
    for vendor, name, kind, is_paired in (
        (burgers, "Kitchen", Device.Kind.BOARD, True),
        (burgers, "Ticket printer", Device.Kind.PRINTER, True),
        (bakery, "Counter", Device.Kind.BOARD, False),
    ):
        if not Device.objects.filter(vendor=vendor, name=name).exists():
            _, code = add_device(owner, vendor.pk, name=name, kind=kind)
            if is_paired:
                pair_device(code=code.code, address=PAIRED_FROM)


def add_paused_endpoint(owner: Caller, merchant_id: int) -> None:
    """An endpoint that took a test, and is paused."""
    row, _ = add_endpoint(owner, url=HOOK, types=["order.placed", "order.status"], merchant=merchant_id, site=False)
    sent = send_test(row)
    WebhookDelivery.objects.filter(pk=sent.pk).update(tries=1, tried_at=timezone.now())
    sent.refresh_from_db()
    note_outcome(sent, TryOutcome(204, milliseconds=38))
    change_endpoint(owner, row.pk, enabled=False)


def tries_in_bulk(order_id: int, caller: Caller) -> object:
    """Accepts the demo's first orders at once, which are closed: they are left out, and named."""
    assert caller.user is not None, "a bulk change is somebody's"
    first = Order.objects.filter(purchase__external_code__in=("demo-1", "demo-2"))
    bulk = select_orders(caller, first.values_list("pk", "version"))
    start_bulk_change(bulk.pk, caller.user.pk, "accept", {"prepared_in": 20})
    return run_bulk_changes(10, refusal_in_words)
