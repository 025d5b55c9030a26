"""Who orders and drives in the simulation: logins of their own, let in in development only like the demo's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from ordersite.accounts.models import Address, Customer, User
from ordersite.demo import sites
from ordersite.demo.simulation.visitor import Visitor
from vendors.models import Driver

MOST = settings.SIMULATED_LOGINS  # of customers, and of drivers
NAMES = ("Noor", "Lucas", "Emma", "Yanis", "Louise", "Adam", "Mila", "Arthur", "Lina", "Jules", "Anna", "Sami")
FAMILIES = ("Peeters", "Janssens", "Maes", "Dubois", "El Amrani", "Wouters", "Lambert")
# Within the demo's vendors' zones; the local geocoder knows them.
HOMES = (
    ("Rue Blaes 60, 1000 Brussels", 50.8384, 4.3475),
    ("Rue Royale 8, 1000 Brussels", 50.8430, 4.3583),
    ("Rue du Midi 12, 1000 Brussels", 50.8472, 4.3507),
    ("Rue de Flandre 40, 1000 Brussels", 50.8521, 4.3466),
    ("Rue Neuve 30, 1000 Brussels", 50.8510, 4.3550),
    ("Boulevard Anspach 50, 1000 Brussels", 50.8490, 4.3506),
    ("Rue des Minimes 40, 1000 Brussels", 50.8360, 4.3506),
    ("Boulevard Maurice Lemonnier 90, 1000 Brussels", 50.8400, 4.3459),
)


@dataclass(frozen=True, slots=True)
class Household:
    """A customer's login, and where it lives."""

    email: str
    customer: int
    address: int


def customer_email(number: int) -> str:
    return f"sim-customer-{number}@example.com"


def driver_email(number: int) -> str:
    return f"sim-driver-{number}@example.com"


@transaction.atomic
def settle_customers(numbers: Sequence[int]) -> list[Household]:
    """The customers of these numbers with their homes; made where they are missing."""
    households = []
    for number, user in zip(numbers, make_users(numbers, customer_email, phone="+324711{:05}"), strict=True):
        given = {"name": user.name, "email": user.email, "phone": user.phone}
        customer, _ = Customer.objects.get_or_create(user=user, defaults=given)
        text, lat, lng = HOMES[number % len(HOMES)]
        place = {"address": text, "lat": lat, "lng": lng}
        home, _ = Address.objects.get_or_create(customer=customer, label=sites.HOME["label"], defaults=place)
        households.append(Household(user.email, customer.pk, home.pk))
    return households


@transaction.atomic
def settle_drivers(numbers: Sequence[int]) -> list[str]:
    """The e-mails of the drivers of these numbers, who drive for the site; made, off duty, where they are missing."""
    users = make_users(numbers, driver_email, phone="+324722{:05}")
    for user in users:
        given = {"name": user.name, "phone": user.phone, "on_duty": False}
        Driver.objects.get_or_create(user=user, defaults=given)
    return [user.email for user in users]


def find_households(numbers: Sequence[int], visitor_of: Callable[[str], Visitor]) -> list[Household]:
    """The same as the site tells them; raises CallRefused where one is not known there."""
    households = []
    for email in map(customer_email, numbers):
        customer = visitor_of(email)
        home = customer.ask("/me/addresses")["results"][0]["id"]
        households.append(Household(email, customer.ask("/me")["customer"]["id"], home))
    return households


def make_users(numbers: Sequence[int], email_of: Callable[[int], str], *, phone: str) -> list[User]:
    """Their users, in this order; the password of those that are new is hashed once for all."""
    known = User.objects.in_bulk([email_of(number) for number in numbers], field_name="email")
    missing = [number for number in numbers if email_of(number) not in known]
    password = make_password(sites.PASSWORD) if missing else ""
    for number in missing:
        name = f"{NAMES[number % len(NAMES)]} {FAMILIES[number % len(FAMILIES)]}"
        fields = {"name": name, "phone": phone.format(number), "password": password}
        known[email_of(number)] = User.objects.create(email=email_of(number), **fields)
    return [known[email_of(number)] for number in numbers]
