"""Who works at a merchant, as a vendor's courier or for a driver company: invited by mail, and taken off at once.

By the owners of a merchant for their own, and by staff who hold what the rows amount to. Whoever invites is told the
same whether the address has an account or not. What changes something must run in a transaction.
"""

import json
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ordersite.accounts.authentication import may_sign_in
from ordersite.accounts.callers import Caller
from ordersite.accounts.mails import count_mail, queue_mail
from ordersite.accounts.models import ApiToken, User
from ordersite.accounts.rights import holds_all
from ordersite.accounts.services import check_password_rules
from ordersite.core.attempts import HOUR, count_attempt
from ordersite.core.audit import blank_audit, blank_named, unrecorded
from ordersite.core.codes import FaultCode
from ordersite.core.context import acting_as
from ordersite.core.crypto import decrypt, encrypt
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from vendors.models import Company, Device, Dispatcher, Driver, Invitation, Member, Merchant, Vendor
from vendors.permissions import CARRIERS, MEMBERS
from vendors.services.announcing import driver_leaves

LASTS = timedelta(days=7)
# After its end it is listed, and can be sent again, for so long.
KEPT = timedelta(days=30)
MOST_INVITATIONS = 50  # that wait, of one place
# Mailed in an hour by a merchant, or a company, to whomever: withdrawn ones count too.
MOST_SENT = 60
# Links that a network address opens in an hour.
OPENINGS = 120
Kind = Invitation.Kind
NONE: frozenset[int] = frozenset()
ROLES = {Kind.OWNER: Member.Role.OWNER, Kind.MANAGER: Member.Role.MANAGER, Kind.STAFF: Member.Role.STAFF}
# What staff must hold to give, and take, what each amounts to: the model of the row, and the rights.
GIVEN = {
    **dict.fromkeys(ROLES, ("member", MEMBERS)),
    Kind.COURIER: ("driver", CARRIERS),
    Kind.DRIVER: ("driver", CARRIERS),
    Kind.DISPATCHER: ("dispatcher", CARRIERS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where people work: a merchant, seen from one of its vendors, or a driver company."""

    vendor: Vendor | None = None
    company: Company | None = None

    @property
    def merchant(self) -> Merchant | None:
        return self.vendor.merchant if self.vendor else None

    @property
    def name(self) -> str:
        return self.vendor.name if self.vendor else str(self.company)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return (*ROLES, Kind.COURIER) if self.vendor else (Kind.DRIVER, Kind.DISPATCHER)


@dataclass(frozen=True, slots=True)
class People:
    """Those who work at a place, and those who were asked to."""

    members: list[Member]
    drivers: list[Driver]
    dispatchers: list[Dispatcher]
    invitations: list[Invitation]


# --- who may ------------------------------------------------------------------------------------------------------


def find_workplace(caller: Caller, *, vendor_id: int | None = None, company_id: int | None = None) -> Workplace:
    """The place whose people the caller may see and change; raises NotFound, alike for one that is not there."""
    vendor = Vendor.objects.select_related("merchant").filter(pk=vendor_id).first() if vendor_id else None
    company = Company.objects.filter(pk=company_id).first() if company_id else None
    place = Workplace(vendor=vendor, company=company)
    if (vendor is None and company is None) or not any(may_change(caller, place, kind) for kind in place.kinds):
        raise NotFound()
    return place


def may_change(caller: Caller, place: Workplace, kind: Kind, vendors: Set[int] | None = NONE) -> bool:
    """Whether the caller says who works there as this: an owner of the merchant, or staff by what it amounts to.

    `vendors` are those at which the person works, None for all of the merchant's: an owner of some says it of these.
    """
    if caller.user is None:
        return False
    if place.vendor is None:
        return may_give(caller.user, kind)
    where = None if vendors is None else {place.vendor.pk, *vendors}
    return may_give(caller.user, kind, place.vendor.merchant_id, where)


def may_give(user: User, kind: Kind, merchant_id: int | None = None, vendors: Set[int] | None = None) -> bool:
    """Whether a user says who works as this: an owner at these vendors (None: all) of the merchant, or staff."""
    if merchant_id is not None and owns(user, merchant_id, vendors):
        return True
    model, rights = GIVEN[kind]
    return holds_all(user, rights) and user.has_perm(f"vendors.add_{model}")


def may_see_people(caller: Caller, vendor: Vendor) -> bool:
    """Whether the vendor's page of people is the caller's to open."""
    place = Workplace(vendor=vendor)
    return any(may_change(caller, place, kind) for kind in place.kinds)


def owns(user: User, merchant_id: int, vendors: Set[int] | None) -> bool:
    """Whether somebody is an owner of the merchant, at these of its vendors; None for all of them."""
    own = Member.objects.filter(user=user, merchant=merchant_id, role=Member.Role.OWNER).first()
    if own is None or own.all_vendors:
        return own is not None
    return vendors is not None and vendors <= set(own.vendors.values_list("pk", flat=True))


def require(caller: Caller, place: Workplace, kind: str, vendors: Set[int] | None = NONE) -> Kind:
    """The kind; raises Invalid for none of the place's, and Forbidden."""
    if kind not in place.kinds:
        raise Invalid(FaultCode.UNKNOWN_PEOPLE)
    if not may_change(caller, place, Kind(kind), vendors):
        raise Forbidden(FaultCode.FORBIDDEN_PEOPLE)
    return Kind(kind)


# --- listed -------------------------------------------------------------------------------------------------------


def people_of(place: Workplace) -> People:
    """Five statements at most."""
    if place.vendor is not None:
        here = Q(all_vendors=True) | Q(vendors=place.vendor)
        members = Member.objects.filter(here, merchant=place.vendor.merchant_id).select_related("user").distinct()
        drivers = Driver.objects.filter(vendor=place.vendor, left_at=None)
        return People(
            list(members.order_by("pk")), list(drivers.select_related("user")), [], list(invitations_of(place))
        )
    drivers = Driver.objects.filter(company=place.company, left_at=None).select_related("user")
    dispatchers = Dispatcher.objects.filter(company=place.company).select_related("user").order_by("pk")
    return People([], list(drivers), list(dispatchers), list(invitations_of(place)))


def invitations_of(place: Workplace) -> QuerySet[Invitation]:
    """Those to the place, of a vendor also to all of its merchant's."""
    if place.vendor is None:
        return Invitation.objects.filter(company=place.company)
    here = Q(vendor=place.vendor) | Q(vendor=None)
    return Invitation.objects.filter(here, merchant=place.vendor.merchant_id)


# --- invited ------------------------------------------------------------------------------------------------------


def invite_person(caller: Caller, place: Workplace, *, kind: str, email: str, here_only: bool = False) -> Invitation:
    """Has a link mailed with which its reader joins; one that stands for the same is sent again.

    Raises Invalid, Forbidden, Conflict beyond MOST_INVITATIONS, and Throttled for too many mails.
    """
    is_of_vendor = kind == Kind.COURIER or (here_only and kind != Kind.OWNER)
    is_everywhere = place.vendor is not None and not is_of_vendor
    as_what, email = require(caller, place, kind, None if is_everywhere else NONE), email.strip().lower()
    lock_place(place)
    if works_already(place, email, as_what):
        raise Conflict(FaultCode.ALREADY_THERE)
    to = {"merchant": place.merchant, "company": place.company, "vendor": place.vendor if is_of_vendor else None}
    standing = Invitation.objects.filter(kind=as_what, email=email, **to).first()
    if standing is not None:
        return send_invitation(standing, caller)
    if invitations_of(place).filter(expires_at__gt=timezone.now()).count() >= MOST_INVITATIONS:
        raise Conflict(FaultCode.TOO_MANY_INVITATIONS, most=MOST_INVITATIONS)
    return send_invitation(Invitation(kind=as_what, email=email, sending=0, **to), caller)


def lock_place(place: Workplace) -> None:
    """One after the other says who works there."""
    rows: QuerySet[Merchant] | QuerySet[Company] = (
        Merchant.objects.filter(pk=place.merchant.pk) if place.merchant else Company.objects.filter(pk=place.company.pk)  # type: ignore[union-attr]  # a place is one of the two
    )
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def works_already(place: Workplace, email: str, kind: Kind) -> bool:
    """Whether who works there as this, as the caller sees it listed, has this e-mail."""
    if place.vendor is not None and kind != Kind.COURIER:
        return Member.objects.filter(merchant=place.vendor.merchant_id, user__email=email).exists()
    if kind == Kind.DISPATCHER:
        return Dispatcher.objects.filter(company=place.company, user__email=email).exists()
    employed = Q(vendor=place.vendor) if place.vendor else Q(company=place.company)
    return Driver.objects.filter(employed, left_at=None, user__email=email).exists()


def send_invitation(row: Invitation, caller: Caller) -> Invitation:
    """Mails a new link, for which the caller stands; the one before, if any, ends."""
    count_attempt("invitations", f"{row.merchant_id} {row.company_id}", limit=MOST_SENT, window=HOUR)
    count_mail("invitation", row.email, "")
    row.invited_by = caller.user
    row.sending += 1
    row.expires_at = timezone.now() + LASTS
    row.save()
    queue_mail("invitation", row.email, invitation=row.pk, sending=row.sending)
    return row


def send_again(caller: Caller, place: Workplace, invitation_id: int) -> Invitation:
    """Raises NotFound for one that was used or withdrawn, Forbidden and Throttled."""
    return send_invitation(get_invitation(caller, place, invitation_id), caller)


def withdraw_invitation(caller: Caller, place: Workplace, invitation_id: int) -> None:
    """Its link ends."""
    get_invitation(caller, place, invitation_id).delete()


def get_invitation(caller: Caller, place: Workplace, invitation_id: int) -> Invitation:
    row = invitations_of(place).select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if row is None:
        raise NotFound(FaultCode.NOT_FOUND_INVITATION)
    require(caller, place, row.kind, None if row.merchant and row.vendor is None else NONE)
    return row


# --- accepted -----------------------------------------------------------------------------------------------------


def invitation_link(row: Invitation) -> str:
    """Where its reader accepts it. Nobody can make one but the site, and it shows no address."""
    return f"{settings.SITE_URL}/invitations/{quote(encrypt(json.dumps([row.pk, row.sending])))}"


def open_invitation(token: str, address: str) -> Invitation:
    """The invitation of a link; raises Invalid for one that was used, withdrawn or is too old, and Throttled."""
    count_attempt("invitation", address, limit=OPENINGS, window=HOUR)
    return find_invitation(token)


def find_invitation(token: str, *, lock: bool = False) -> Invitation:
    try:
        pk, sending = json.loads(decrypt(token))
    except (InvalidToken, ValueError, TypeError) as error:
        raise link_is_over() from error
    # Other links of ours are sealed alike, and name a person.
    row = standing_invitation(pk, sending, lock=lock) if isinstance(pk, int) and isinstance(sending, int) else None
    if row is None:
        raise link_is_over()
    return row


def standing_invitation(pk: int, sending: int, *, lock: bool = False) -> Invitation | None:
    """The invitation of a sending, while it lasts and whoever sent it may still invite."""
    rows = Invitation.objects.select_related("merchant", "company", "vendor", "invited_by")
    if lock:
        rows = rows.select_for_update(of=("self",))
    row = rows.filter(pk=pk, sending=sending, expires_at__gt=timezone.now()).first()
    return row if row is not None and is_stood_for(row) else None


def is_stood_for(row: Invitation) -> bool:
    """Whether who sent it could send it now: taken off himself, he lets nobody in any more."""
    sender, vendors = row.invited_by, None if row.vendor_id is None else {row.vendor_id}
    if sender is None or not may_sign_in(sender):
        return False
    return may_give(sender, Kind(row.kind), row.merchant_id, vendors)


def link_is_over() -> Invalid:
    return Invalid(FaultCode.INVALID_LINK, Field.TOKEN, keeps_writes=True)


def account_of(row: Invitation) -> User | None:
    """The account that the invitation is for, where its e-mail has one."""
    return User.objects.filter(email=row.email).first()


def accept_invitation(token: str, user: User) -> Invitation:
    """Makes the user what it was invited as; raises Invalid for a link that is over, and Conflict.

    A link is used once, also where two send it at the same moment.
    """
    row = find_invitation(token, lock=True)
    if user.email != row.email:
        raise Forbidden(FaultCode.OTHER_INVITED)
    join(row, user)
    row.delete()
    return row


def accept_as_new(token: str, *, name: str, phone: str, password: str) -> User:
    """A new account for the invited e-mail, which its reader has shown to be its own, accepted for it."""
    row = find_invitation(token, lock=True)
    user = User(email=row.email, name=name, phone=phone)
    check_password_rules(password, user)
    user.set_password(password)
    with acting_as(lambda: (user.caller_key, user.name or user.email)):
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:  # has one meanwhile: signed in, it may accept
            raise Conflict(FaultCode.HAS_ACCOUNT) from error
        accept_invitation(token, user)
    return user


def join(row: Invitation, user: User) -> None:
    kind = Kind(row.kind)
    if kind in ROLES:
        fields = {"role": ROLES[kind], "all_vendors": row.vendor is None}
        member, is_new = Member.objects.get_or_create(user=user, merchant=row.merchant, defaults=fields)
        if is_new and row.vendor is not None:
            member.vendors.add(row.vendor)
        return
    if kind == Kind.DISPATCHER:
        Dispatcher.objects.get_or_create(user=user, company=row.company)
        return
    drives_for = {"company": row.company, "vendor": row.vendor}
    new = {"name": user.name or row.email, "phone": user.phone, "on_duty": False, **drives_for}
    driver, is_new = Driver.objects.select_for_update(of=("self",)).get_or_create(user=user, defaults=new)
    if is_new:
        return
    if driver.left_at is None:
        raise Conflict(FaultCode.DRIVES_ALREADY)
    driver.company, driver.vendor, driver.left_at = row.company, row.vendor, None
    driver.save(update_fields=["company", "vendor", "left_at"])


# --- taken off ----------------------------------------------------------------------------------------------------


def dismiss_member(caller: Caller, place: Workplace, member_id: int, *, with_devices: bool = False) -> None:
    """Ends a membership: calls are refused from the next one on, sockets close with the next look at who may watch.

    The merchant's API tokens that the member made are revoked, and the devices that it added where that is asked for.
    No link to come back by stands. Raises NotFound, Forbidden, and Conflict for the last owner.
    """
    assert place.vendor is not None, "members are a merchant's"
    lock_place(place)
    merchant = place.vendor.merchant_id
    member = Member.objects.filter(pk=member_id, merchant=merchant).first()
    if member is None:
        raise NotFound()
    require(caller, place, member.role, None if member.all_vendors else gather_vendors(member))
    owners = Member.objects.filter(merchant=merchant, role=Member.Role.OWNER)
    if member.role == Member.Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise Conflict(FaultCode.LAST_OWNER)
    now = timezone.now()
    made = ApiToken.objects.filter(merchant=merchant, created_by=member.user_id, revoked_at=None)
    made.update(revoked_at=now)
    if with_devices:
        added = Device.objects.filter(vendor__merchant=merchant, created_by=member.user_id, revoked_at=None)
        added.update(revoked_at=now, code_hash=None, token_hash=None)
    withdraw_all(member.user, merchant=merchant, kind__in=ROLES)
    member.delete()


def withdraw_all(user: User, **to: Any) -> None:
    """Who is taken off comes back by no link that was mailed before."""
    Invitation.objects.filter(email=user.email, **to).delete()


def gather_vendors(member: Member) -> set[int]:
    return set(member.vendors.values_list("pk", flat=True))


def dismiss_dispatcher(caller: Caller, place: Workplace, dispatcher_id: int) -> None:
    """Ends it at once; raises NotFound and Forbidden."""
    require(caller, place, Kind.DISPATCHER)
    found = Dispatcher.objects.select_related("user").filter(pk=dispatcher_id, company=place.company).first()
    if found is None:
        raise NotFound()
    withdraw_all(found.user, company=place.company, kind=Kind.DISPATCHER)
    found.delete()


def dismiss_driver(caller: Caller, place: Workplace, driver_id: int) -> None:
    """Has a driver drive no more; what it delivered keeps its name.

    Raises NotFound, Forbidden, and Conflict with the orders that it carries: they are another's first.
    """
    require(caller, place, Kind.COURIER if place.vendor else Kind.DRIVER)
    employed = Q(vendor=place.vendor) if place.vendor else Q(company=place.company)
    driver = Driver.objects.select_for_update(of=("self",)).filter(employed, pk=driver_id, left_at=None).first()
    if driver is None:
        raise NotFound()
    carried = [number for _, found in driver_leaves.send(sender=Driver, driver_id=driver.pk) for number in found or ()]
    if carried:
        raise Conflict(FaultCode.DRIVER_CARRIES, orders=", ".join(carried))
    driver.on_duty, driver.left_at = False, timezone.now()
    driver.save(update_fields=["on_duty", "left_at"])
    withdraw_all(driver.user, vendor=place.vendor, company=place.company, kind__in=(Kind.COURIER, Kind.DRIVER))


def forget_old_invitations(before: datetime, most: int) -> int:
    """Deletes those that ended long ago, the oldest first; how many."""
    rows: Iterable[int] = (
        Invitation.objects.filter(expires_at__lt=before).order_by("expires_at").values_list("pk", flat=True)[:most]
    )
    found = list(rows)
    blank_audit(Invitation, found)
    with unrecorded():
        return Invitation.objects.filter(pk__in=found).delete()[0]


def forget_invited(email: str) -> None:
    """No invitation names an address any more, nor what was kept of those that were used or withdrawn."""
    Invitation.objects.filter(email=email).delete()
    blank_named(Invitation, email)
