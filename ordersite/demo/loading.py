"""Puts the demo into a database: logins, merchants with menus, money, orders. Running it again adds nothing."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from orders.models import Purchase
from orders.services.wallets import top_up, wallets_of
from ordersite.accounts.models import Address, Customer, User
from ordersite.accounts.roles import ROLES
from ordersite.demo import orders, sites
from vendors.models import Company, Driver, Member, Merchant, Vendor, VendorType
from vendors.services.bookable import import_bookable
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import import_menu

PARTS = ("type", "menu", "services", "package_types")
WALLET = 10_000  # minor units
STEPS = 2 + sum(len(merchant["vendors"]) for merchant in sites.MERCHANTS) + len(orders.STORIES)


def is_loaded() -> bool:
    """Whether the last of what is loaded, its last order, is there; a load that was broken off is gone on with."""
    return Purchase.objects.filter(
        external_code=f"demo-{len(orders.STORIES)}", placed_by__email=sites.CUSTOMER["email"]
    ).exists()


def load(step: Callable[[], None]) -> None:
    """Loads everything, calling `step` after each of STEPS parts."""
    users = load_logins()
    step()
    for merchant in sites.MERCHANTS:
        load_merchant(merchant, users, step)
    customer = load_customer(users[str(sites.CUSTOMER["email"])])
    step()
    orders.load(step)
    fill_wallet(customer)


@transaction.atomic
def load_logins() -> dict[str, User]:
    """The logins; the password is hashed once for all, since hashing takes its time on purpose."""
    password = make_password(sites.PASSWORD)
    users = {
        str(fields["email"]): User.objects.get_or_create(
            email=fields["email"], defaults={**fields, "password": password}
        )[0]
        for fields, _ in sites.LOGINS
    }
    users[str(sites.STAFF["email"])].groups.set(Group.objects.filter(name__in=ROLES))
    driver = users[str(sites.DRIVER["email"])]
    Driver.objects.get_or_create(user=driver, defaults={"name": driver.name, "phone": driver.phone, "on_duty": True})
    return users


@transaction.atomic
def load_merchant(data: dict[str, Any], users: dict[str, User], step: Callable[[], None]) -> None:
    """A merchant, its owner, and its vendors with their menus."""
    merchant, _ = Merchant.objects.get_or_create(name=data["name"])
    if data["owner"]:
        Member.objects.get_or_create(user=users[data["owner"]], merchant=merchant, defaults={"role": Member.Role.OWNER})
    company, _ = Company.objects.get_or_create(name="Pedal Post")
    for row in data["vendors"]:
        kind, _ = VendorType.objects.get_or_create(name=row["type"])
        fields = {name: value for name, value in row.items() if name not in PARTS}
        vendor, is_new = Vendor.objects.get_or_create(
            merchant=merchant,
            name=row["name"],
            defaults={"payment_methods": sites.METHODS, **fields, "type": kind},
        )
        if is_new:
            import_menu(vendor=vendor, menu=row["menu"])
            offered = {name: row.get(name, ()) for name in ("services", "package_types")}
            import_bookable(vendor=vendor, **offered)
            vendor.companies.add(company)
            refresh_offer_flags(vendor.pk)
        step()


@transaction.atomic
def load_customer(user: User) -> Customer:
    """The customer with a home, and money to order with."""
    customer, _ = Customer.objects.get_or_create(
        user=user, defaults={"name": user.name, "email": user.email, "phone": user.phone}
    )
    Address.objects.get_or_create(customer=customer, label=sites.HOME["label"], defaults=sites.HOME)
    fill_wallet(customer)
    return customer


@transaction.atomic
def fill_wallet(customer: Customer) -> None:
    """Tops the wallet up to WALLET; the orders of the demo have used some of it."""
    wallet = wallets_of(customer.pk).filter(currency="EUR").first()
    missing = WALLET - (wallet.balance or 0 if wallet else 0)
    if missing > 0:
        top_up(customer_id=customer.pk, currency="EUR", amount=missing, actor="system", text="A gift of the demo")
