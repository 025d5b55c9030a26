"""What a caller may do for a merchant and its vendors, from its memberships."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable

from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.models import User
from ordersite.accounts.rights import Right
from ordersite.core.faults import NotFound
from ordersite.core.ids import gather_ids
from vendors.models import Dispatcher, Driver, Member, Vendor

# What rows amount to, in rights of staff: a driver's or dispatcher's, and a membership.
CARRIERS = frozenset({Right.ACT_EVERYWHERE, Right.VIEW_ORDERS, Right.MOVE_ORDERS})
MEMBERS = CARRIERS | {Right.PLACE_ORDERS, Right.REFUND_ORDERS, Right.VIEW_ACCOUNTS, Right.CHANGE_VENDORS}


def administering(user: Any, merchant: Any) -> QuerySet[Member]:
    """The membership, if any, by which a user administers a merchant.

    Both may be ids, or references to an outer query's columns.
    """
    return administrations(user).filter(merchant=merchant)


def administrations(user: Any) -> QuerySet[Member]:
    """The memberships by which a user administers merchants: an owner's, or of a manager of all vendors."""
    role = Q(role=Member.Role.OWNER) | Q(role=Member.Role.MANAGER, all_vendors=True)
    return Member.objects.filter(role, user=user)


def memberships_of(user: User) -> list[dict[str, Any]]:
    """The merchants that somebody works at, each with its id and name and the role (settings.MEMBERSHIPS)."""
    rows = Member.objects.filter(user=user).order_by("merchant__name", "merchant")
    told = rows.values_list("merchant", "merchant__name", "role")
    return [{"id": pk, "name": name, "role": role} for pk, name, role in told]


def rights_by_rows(user: User) -> set[Right]:
    """What a member, a driver or a dispatcher may do, in rights of staff; three statements at most."""
    if Member.objects.filter(user=user).exists():
        return set(MEMBERS)
    carries = Driver.objects.filter(user=user, left_at=None).exists() or Dispatcher.objects.filter(user=user).exists()
    return set(CARRIERS) if carries else set()


def caller_facts(user: Any) -> dict[str, Combinable]:
    """What memberships and dispatching make of a user, a reference to an outer query's column (settings.CALLER_FACTS).

    A vendor named for a membership of another merchant does not count.
    """
    named = Member.vendors.through.objects.filter(
        member__user=user, member__all_vendors=False, member__merchant=F("vendor__merchant")
    )
    return {
        "merchant_ids": gather_ids(Member.objects.filter(user=user, all_vendors=True), "merchant"),
        "vendor_ids": gather_ids(named, "vendor"),
        "dispatched_ids": gather_ids(Dispatcher.objects.filter(user=user), "company"),
    }


def member_vendors(caller: Caller) -> QuerySet[Vendor]:
    """The vendors that the caller works at: as a merchant's token all of it, as a member all or those named."""
    if not caller.merchant_ids:
        return Vendor.objects.filter(pk__in=caller.vendor_ids) if caller.vendor_ids else Vendor.objects.none()
    where = Q(merchant__in=caller.merchant_ids)
    return Vendor.objects.filter(where | Q(pk__in=caller.vendor_ids) if caller.vendor_ids else where)


def works_at_vendor(caller: Caller, vendor: Vendor) -> bool:
    """The same as `member_vendors`, for one vendor at hand."""
    return vendor.merchant_id in caller.merchant_ids or vendor.pk in caller.vendor_ids


def vendors_of_user(user: User) -> QuerySet[Vendor]:
    """The vendors for which somebody has its rights: all, or those that it works at."""
    caller = caller_of_user(user)
    return Vendor.objects.all() if caller.acts_everywhere else member_vendors(caller)


def works_at(caller: Caller, vendor_id: int) -> bool:
    """Whether the caller works at this vendor; staff does not, it stands above."""
    return member_vendors(caller).filter(pk=vendor_id).exists()


def may_at(caller: Caller, right: Right, vendor_id: int) -> bool:
    """Whether the caller holds a right for this vendor."""
    return caller.may(right) and (caller.acts_everywhere or works_at(caller, vendor_id))


def serves(caller: Caller, right: Right, vendor_id: int) -> bool:
    """Whether the caller works at this vendor, or holds the right for all: what a vendor's people may, staff may."""
    return caller.may_everywhere(right) or works_at(caller, vendor_id)


def manages_devices(caller: Caller, vendor: Vendor) -> bool:
    """Whether the caller may add and revoke the vendor's devices: its owner and managers, and staff by their right."""
    if caller.may_everywhere(Right.CHANGE_VENDORS):
        return True
    if caller.user is None or not works_at_vendor(caller, vendor):
        return False
    roles = (Member.Role.OWNER, Member.Role.MANAGER)
    return Member.objects.filter(user=caller.user, merchant=vendor.merchant_id, role__in=roles).exists()


def visible_vendor(rows: QuerySet[Vendor], vendor_id: int, caller: Caller) -> Vendor:
    """The vendor; raises NotFound for one switched off, but for its own people and staff."""
    vendor = rows.filter(pk=vendor_id).first()
    if vendor is None or not (vendor.is_active or serves(caller, Right.VIEW_VENDORS, vendor_id)):
        raise NotFound
    return vendor


def manages_vendor(caller: Caller, vendor: Vendor) -> bool:
    """Whether the caller arranges a vendor: its merchant's tokens, its owner and managers, and staff by their right."""
    return caller.merchant_id == vendor.merchant_id or manages_devices(caller, vendor)
