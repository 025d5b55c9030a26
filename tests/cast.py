"""A small fixed cast that every test plays with."""

import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from orders.lifecycle.table import Status
from orders.models import StatusLabel
from orders.services.record.epochs import current_epoch
from ordersite.accounts.models import Customer, User
from ordersite.accounts.roles import ROLES
from vendors.models import (
    FULFILMENTS,
    Company,
    DeliveryZone,
    Dispatcher,
    Driver,
    Extra,
    Ingredient,
    Member,
    Merchant,
    Option,
    OptionGroup,
    Product,
    Vendor,
    VendorType,
)
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import import_menu

# A cheap hasher is set by conftest.py; the password is only for tests that sign in.
PASSWORD = "a-long-enough-passphrase"

MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Food",
            "products": [
                {
                    "name": "Burger",
                    "price": 850,
                    "tax_rate": 600,
                    "plu_code": "100",
                    "groups": ["Sauce", "Size"],
                    "ingredients": ["Onion", "Ketchup", "Cheese"],
                    "extras": [{"name": "Bacon", "price": 120, "max_quantity": 3, "plu_code": "901"}],
                },
                {"name": "Pizza", "price": 1200, "tax_rate": 600, "plu_code": "101", "groups": ["Toppings"]},
            ],
        },
        {
            "name": "Drinks and sweets",
            "products": [
                {"name": "Soda", "price": 250, "tax_rate": 600, "plu_code": "200", "stock": 10, "max_per_order": 6},
                {"name": "Cake", "price": 2500, "tax_rate": 600, "plu_code": "300", "groups": ["Plate"]},
            ],
        },
    ],
    "groups": [
        {
            "name": "Sauce",
            "minimum": 0,
            "maximum": 2,
            "allows_quantity": True,
            "options": [
                {"name": "Ketchup sauce", "price": 50, "max_quantity": 2, "plu_code": "501"},
                {"name": "Mayonnaise", "price": 60, "max_quantity": 2, "plu_code": "502"},
            ],
        },
        {
            "name": "Size",
            "minimum": 1,
            "maximum": 1,
            "options": [
                {"name": "Regular", "price": 0, "preselected": True},
                {"name": "Large", "price": 200},
            ],
        },
        {
            "name": "Toppings",
            "minimum": 0,
            "maximum": 4,
            "allows_halves": True,
            "options": [
                {"name": "Mushrooms", "price": 150, "half_price": 80},
                {"name": "Olives", "price": 101},
            ],
        },
        {"name": "Plate", "options": [{"name": "Plate text", "kind": "text", "price": 300}]},
    ],
    "zones": [{"name": "Near", "radius": 3000, "fee": 250, "minimum": 1000}],
}


@dataclass
class Cast:
    """Who plays: users by their part, the rows that make them it, and vendor's menu by lower-case or plain name."""

    staff: User
    customer: User
    customer_row: Customer
    stranger: User
    stranger_row: Customer
    owner: User
    other_owner: User
    courier: User
    courier_row: Driver
    driver: User
    driver_row: Driver
    other_driver: User
    other_driver_row: Driver
    dispatcher: User
    company: Company
    company_driver: User
    company_driver_row: Driver
    merchant: Merchant
    other_merchant: Merchant
    vendor: Vendor
    other_vendor: Vendor
    zone: DeliveryZone
    tea: Product  # other_vendor's only product
    products: dict[str, Product] = field(default_factory=dict)
    groups: dict[str, OptionGroup] = field(default_factory=dict)
    options: dict[str, Option] = field(default_factory=dict)
    extras: dict[str, Extra] = field(default_factory=dict)
    ingredients: dict[str, Ingredient] = field(default_factory=dict)


def make_user(name: str, **fields: Any) -> User:
    return User.objects.create_user(f"{name.replace(' ', '.').lower()}@example.org", PASSWORD, name=name, **fields)


def in_roles(user: User, *names: str) -> User:
    """The user, put into the groups of these roles."""
    user.groups.set(Group.objects.filter(name__in=names))
    return user


def make_clerk(*rights: str, name: str = "Karl Clerk") -> User:
    """Somebody of the staff with exactly these permissions ("orders.view_order"), none of them a role's."""
    clerk = make_user(name, is_staff=True)
    for right in rights:
        label, _, codename = right.partition(".")
        clerk.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
    return clerk


def make_manager(vendor: Vendor, name: str = "Mara Manager") -> User:
    """A vendor manager: of the staff, in the role, and a member at this vendor alone."""
    manager = in_roles(make_user(name, is_staff=True), "vendor manager")
    member = Member.objects.create(user=manager, merchant=vendor.merchant, role=Member.Role.MANAGER, all_vendors=False)
    member.vendors.add(vendor)
    return manager


def make_customer(name: str) -> tuple[User, Customer]:
    user = make_user(name)
    return user, Customer.objects.create(user=user, name=name, email=user.email, phone="+3225550100")


def make_driver(name: str, **employer: Any) -> tuple[User, Driver]:
    user = make_user(name)
    return user, Driver.objects.create(user=user, name=name, phone="+3225550101", **employer)


class Standing:
    """The cast that was written before any test, pickled: to copy it otherwise takes seven times as long (6.3 ms)."""

    def __init__(self) -> None:
        self.written = b""
        self.was_missed = False
        # Lets one at the database outside of a test (tests/conftest.py).
        self.unblock: Callable[[], AbstractContextManager[None]] = nullcontext

    def read(self) -> Cast | None:
        """A copy, where its rows are there."""
        if not self.written:
            return None
        cast: Cast = pickle.loads(self.written)
        return cast if User.objects.filter(pk=cast.staff.pk, email=cast.staff.email).exists() else None

    def write(self) -> None:
        """Writes it where a test with real transactions has emptied the tables; one that was rolled back has not."""
        self.was_missed = False
        with self.unblock():
            if self.read() is None:
                self.written = pickle.dumps(write_cast())


standing = Standing()


def make_cast() -> Cast:
    """The cast: the one that stands, or a new one for a test that finds the tables empty."""
    cast = standing.read()
    if cast is None:
        standing.was_missed = True
        cast = write_cast()
    return cast


@transaction.atomic
def write_cast() -> Cast:
    """Writes the cast, the epoch of the feeds, which otherwise the first call that is measured would begin, and the
    labels that a migration makes, where a test with real transactions has emptied their table too."""
    current_epoch()
    if not StatusLabel.objects.exists():
        StatusLabel.objects.bulk_create(
            [StatusLabel(name=one.label, core_status=one.value, position=one.value) for one in Status]
        )
    restaurant, shop = VendorType.objects.create(name="Restaurant"), VendorType.objects.create(name="Shop")
    merchant, other_merchant = Merchant.objects.create(name="Merchant A"), Merchant.objects.create(name="Merchant B")
    vendor = Vendor.objects.create(
        merchant=merchant,
        type=restaurant,
        name="Burger Bar",
        description="Burgers, pizza and cake",
        currency="EUR",
        time_zone="Europe/Brussels",
        phone="+3225550102",
        address="Grote Markt 1",
        postal_code="1000",
        city="Brussels",
        country="BE",
        lat=50.85,
        lng=4.35,
        fulfilments=list(FULFILMENTS),
        payment_methods=["cash", "wallet"],
        prices_include_tax=True,
    )
    other_vendor = Vendor.objects.create(
        merchant=other_merchant,
        type=shop,
        name="Tea House",
        currency="USD",
        time_zone="America/New_York",
        city="New York",
        country="US",
        lat=40.71,
        lng=-74.0,
        fulfilments=["delivery", "pickup"],
        payment_methods=["cash", "wallet"],
        prices_include_tax=False,
    )
    import_menu(vendor=vendor, menu=MENU)
    import_menu(
        vendor=other_vendor,
        menu={
            "categories": [{"name": "Tea", "products": [{"name": "Green tea", "price": 399, "tax_rate": 888}]}],
            "zones": [{"name": "Manhattan", "radius": 5000, "fee": 300}],
        },
    )
    refresh_offer_flags()
    company = Company.objects.create(name="Wheels")
    vendor.companies.add(company)
    owner, other_owner, dispatcher = make_user("Olga Owner"), make_user("Oscar Other"), make_user("Dirk Dispatcher")
    Member.objects.create(user=owner, merchant=merchant, role=Member.Role.OWNER)
    Member.objects.create(user=other_owner, merchant=other_merchant, role=Member.Role.OWNER)
    Dispatcher.objects.create(user=dispatcher, company=company)
    customer, customer_row = make_customer("Clara Customer")
    stranger, stranger_row = make_customer("Stijn Stranger")
    courier, courier_row = make_driver("Carl Courier", vendor=vendor)
    driver, driver_row = make_driver("Dora Driver")
    other_driver, other_driver_row = make_driver("Otto Driver")
    company_driver, company_driver_row = make_driver("Wim Wheels", company=company)
    options = Option.objects.filter(group__vendor=vendor)
    vendor.refresh_from_db()
    other_vendor.refresh_from_db()
    return Cast(
        staff=in_roles(make_user("Stella Staff", is_staff=True), *ROLES),
        customer=customer,
        customer_row=customer_row,
        stranger=stranger,
        stranger_row=stranger_row,
        owner=owner,
        other_owner=other_owner,
        courier=courier,
        courier_row=courier_row,
        driver=driver,
        driver_row=driver_row,
        other_driver=other_driver,
        other_driver_row=other_driver_row,
        dispatcher=dispatcher,
        company=company,
        company_driver=company_driver,
        company_driver_row=company_driver_row,
        merchant=merchant,
        other_merchant=other_merchant,
        vendor=vendor,
        other_vendor=other_vendor,
        zone=vendor.delivery_zones.get(),
        tea=other_vendor.products.get(),
        products={row.name.lower(): row for row in Product.objects.filter(vendor=vendor)},
        groups={row.name: row for row in OptionGroup.objects.filter(vendor=vendor)},
        options={row.name: row for row in options},
        extras={row.name: row for row in Extra.objects.filter(product__vendor=vendor)},
        ingredients={row.name: row for row in Ingredient.objects.filter(product__vendor=vendor)},
    )
