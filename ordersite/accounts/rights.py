"""What people of the platform may do: each right is a permission of Django's, asked by the services for every door.

`is_staff` opens the back-office's door and nothing behind it. Rights come by groups (ordersite.accounts.roles), or one
by one. Who holds ACT_EVERYWHERE uses the others for all vendors; who does not, for the vendors that it works at.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from ordersite.accounts.models import User
from ordersite.core.prepared import Given, Prepared


class Right(StrEnum):
    """Named by what it lets somebody do; the value is the permission's app label and codename."""

    ACT_EVERYWHERE = "accounts.act_everywhere"
    VIEW_ORDERS = "orders.view_order"
    ERASE_CUSTOMERS = "accounts.erase_customer"  # and export what is known of one
    PLACE_ORDERS = "orders.add_order"  # for others: customers, guests by phone, lines by hand
    MOVE_ORDERS = "orders.change_order"  # and change them, name drivers, write notes
    FORCE_ORDERS = "orders.force_order"  # past the life cycle's actors and guards, with a reason
    DELETE_ORDERS = "orders.delete_order"
    REFUND_ORDERS = "orders.add_refund"
    SEE_TO_REFUNDS = "orders.change_refund"
    CHECK_PAYMENTS = "orders.change_paymentproof"  # mark as received, refuse, waive
    VIEW_ACCOUNTS = "orders.view_account"
    TOP_UP_WALLETS = "orders.top_up_wallet"
    PAY_OUT = "orders.pay_out"  # and take cash in, and take both back
    ADD_CODES = "orders.add_code"
    REVEAL_CODES = "orders.reveal_code"
    ADD_LABELS = "orders.add_statuslabel"
    CHANGE_LABELS = "orders.change_statuslabel"
    DELETE_LABELS = "orders.delete_statuslabel"
    MANAGE_WEBHOOKS = "orders.change_webhookendpoint"  # the site's own, and everybody's
    RESEND_MAILS = "accounts.resend_mail"
    VIEW_VENDORS = "vendors.view_vendor"
    CHANGE_VENDORS = "vendors.change_vendor"
    VIEW_OFFERS = "vendors.view_offer"


def has_right(user: User, right: Right) -> bool:
    """Whether somebody of the platform has a right; others have none, whatever groups they are in."""
    return user.may_use_rights and (user.is_superuser or right in permissions_at_hand(user))


def holds_all(user: User, rights: Iterable[Right]) -> bool:
    """Whether somebody of the platform has all of these, and so may give what amounts to them."""
    return all(has_right(user, right) for right in rights)


def held_permissions(form: None) -> "QuerySet[Permission, tuple[str, str]]":
    """The query of `permissions_of`.

    By two lists of ids: a join of all permissions with all groups reads those that nobody asked for too.
    """
    by_itself = User.user_permissions.through.objects.filter(user=Given("user", User._meta.pk))
    groups = User.groups.through.objects.filter(user=Given("user", User._meta.pk)).values("group")
    by_group = Group.permissions.through.objects.filter(group__in=groups)
    named = Q(pk__in=by_itself.values("permission")) | Q(pk__in=by_group.values("permission"))
    return Permission.objects.filter(named).order_by().values_list("content_type__app_label", "codename")


HELD = Prepared(held_permissions)


def permissions_of(user: User) -> set[str]:
    """The permissions that a user has by itself and by its groups, not counting is_superuser; one statement."""
    return {f"{label}.{name}" for label, name in HELD.rows(None, user=user.pk)}


def permissions_at_hand(user: User) -> set[str]:
    """The same, asked of the database once for each user object: a list asks for a right at each of its rows."""
    if not hasattr(user, "_held_permissions"):
        user._held_permissions = permissions_of(user)  # type: ignore[attr-defined]
    held: set[str] = user._held_permissions  # type: ignore[attr-defined]
    return held


def rights_of(user: User) -> set[str]:
    """All that somebody has, also while it is switched off: its permissions, and what its rows amount to."""
    return permissions_of(user) | set(import_string(settings.RIGHTS_BY_ROWS)(user))


def holds_rights_of(editor: User, other: User) -> bool:
    """Whether somebody holds all the rights of another, and so may change who signs in as it.

    Everybody covers itself; a superuser is covered by superusers only.
    """
    if editor.is_superuser or editor.pk == other.pk:
        return True
    return not other.is_superuser and rights_of(other) <= permissions_of(editor)


def groups_within(user: User) -> QuerySet[Group]:
    """The groups that somebody may put others into: those with no right that it does not hold itself."""
    groups = Group.objects.all()
    if user.is_superuser:
        return groups
    return groups.exclude(permissions__in=Permission.objects.exclude(pk__in=permissions_within(user).values("pk")))


def permissions_within(user: User) -> QuerySet[Permission]:
    """The permissions that somebody may give to others: its own."""
    if user.is_superuser:
        return Permission.objects.all()
    held = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return Permission.objects.filter(pk__in=held.values("pk"))


def holders(user_ids: Iterable[int], *rights: Right) -> set[int]:
    """Those of the users who hold all of these rights; one statement."""
    found = User.objects.filter(pk__in=set(user_ids), is_active=True, is_staff=True)
    if settings.SECOND_STEP_FOR_STAFF:
        found = found.exclude(second_step_at=None)
    for right in rights:
        label, _, codename = right.partition(".")
        rows = Permission.objects.filter(content_type__app_label=label, codename=codename)
        named = Q(user_permissions__in=rows) | Q(groups__permissions__in=rows)
        found = found.filter(Q(is_superuser=True) | Q(pk__in=User.objects.filter(named).values("pk")))
    return set(found.values_list("pk", flat=True))
