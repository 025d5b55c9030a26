"""Puts the demo into a database: logins, merchants with menus, money, orders. Running it again adds nothing."""

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone

from orders.models import Purchase
from orders.services.capacity.code_imports import import_codes
from ordersite.accounts.models import Address, Customer, User
from ordersite.accounts.roles import ROLES
from ordersite.demo import orders, sites
from ordersite.demo.around import furnish_vendors
from ordersite.demo.orders import fill_wallet
from ordersite.demo.stories import STORIES
from vendors.models import Company, Dispatcher, Driver, Member, Merchant, Product, Vendor, VendorType
from vendors.services.bookable import import_bookable
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import import_menu

PARTS = ("type", "menu", "services", "package_types", "codes")
STEPS = 2 + sum(len(merchant["vendors"]) for merchant in sites.MERCHANTS) + len(STORIES)


def is_loaded() -> bool:
    """Whether the last of what is loaded, its last order, is there; a load that was broken off is gone on with."""
    return Purchase.objects.filter(
        external_code=f"demo-{len(STORIES)}", placed_by__email__in=(sites.CUSTOMER["email"], sites.STAFF["email"])
    ).exists()


def load(step: Callable[[], None]) -> None:
    """Loads everything, calling `step` after each of STEPS parts."""
    users = load_logins()
    step()
    for merchant in sites.MERCHANTS:
        load_merchant(merchant, users, step)
    load_people(users)
    furnish_vendors(users)
    customer = load_customer(users[str(sites.CUSTOMER["email"])])
    step()
    orders.load_orders(step)
    fill_wallet(customer.pk)


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
    staff = users[str(sites.STAFF["email"])]
    staff.groups.set(Group.objects.filter(name__in=ROLES))
    # No role reads who changed what: it is given to somebody by name.
    staff.user_permissions.add(Permission.objects.get(content_type__app_label="web", codename="view_auditrow"))
    return users


@transaction.atomic
def load_people(users: dict[str, User]) -> None:
    """Who drives, who dispatches, and whose the till is."""
    company = Company.objects.get(name=sites.COMPANY)
    for fields, works_for in ((sites.DRIVER, None), (sites.COURIER, company)):
        user = users[str(fields["email"])]
        given = {"name": user.name, "phone": user.phone, "company": works_for, "on_duty": True}
        Driver.objects.get_or_create(user=user, defaults=given)
    Dispatcher.objects.get_or_create(user=users[str(sites.DISPATCHER["email"])], company=company)
    bakery = Vendor.objects.get(name=sites.TILL_VENDOR, merchant__name=sites.MERCHANTS[0]["name"])
    till, is_new = Member.objects.get_or_create(
        user=users[str(sites.TILL["email"])], merchant_id=bakery.merchant_id, defaults={"all_vendors": False}
    )
    if is_new:
        till.vendors.add(bakery)


@transaction.atomic
def load_merchant(data: dict[str, Any], users: dict[str, User], step: Callable[[], None]) -> None:
    """A merchant, its owner, and its vendors with their menus."""
    first = data["vendors"][0]
    fixed = {
        "legal_name": f"{data['name']} BV",
        "legal_address": f"{first['address']}\n{first['postal_code']} {first['city']}",
        "vat_number": "BE0123456749",
        **({"uuid": data["uuid"]} if "uuid" in data else {}),
    }
    merchant, _ = Merchant.objects.get_or_create(name=data["name"], defaults=fixed)
    if data["owner"]:
        Member.objects.get_or_create(user=users[data["owner"]], merchant=merchant, defaults={"role": Member.Role.OWNER})
    company, _ = Company.objects.get_or_create(name=sites.COMPANY)
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
            for name, count in row.get("codes", {}).items():
                add_codes(Product.objects.get(vendor=vendor, name=name), count)
        step()


def add_codes(product: Product, count: int) -> None:
    """As many codes as a supplier's file would bring."""
    content = "\n".join(f"DEMO-{product.pk:03}-{secrets.token_hex(4).upper()}" for _ in range(count))
    import_codes(product_id=product.pk, content=content.encode(), batch="Demo", now=timezone.now())


@transaction.atomic
def load_customer(user: User) -> Customer:
    """The customer with a home, and money to order with."""
    customer, _ = Customer.objects.get_or_create(
        user=user, defaults={"name": user.name, "email": user.email, "phone": user.phone}
    )
    Address.objects.get_or_create(customer=customer, label=sites.HOME["label"], defaults=sites.HOME)
    fill_wallet(customer.pk)
    return customer
