"""The roles out of the box: groups of Django's, each with the rights of one kind of work.

The groups of these names hold what stands here after every migrating and `manage.py make_roles`; who wants another
mixture makes a group of another name. Who is in a group needs `is_staff` besides; a vendor manager also a membership.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import apps as installed
from django.db import router

APPS = ("accounts", "vendors", "orders")
VIEW, WRITE = ("view",), ("view", "add", "change")
ALL = (*WRITE, "delete")


def permissions(label: str, actions: Iterable[str], models: str) -> frozenset[str]:
    """The permissions to do all of this with all of these models, named with spaces between."""
    return frozenset(f"{label}.{action}_{model}" for model in models.split() for action in actions)


EVERYWHERE = frozenset({"accounts.act_everywhere"})
# What a vendor sells, and when and where.
MENU = "category product ingredient extra stock optiongroup option productoptiongroup"
SOLD = f"{MENU} offer service servicehours packagetype openinghours deliveryzone station latethreshold"
HISTORY = "order orderevent itemchange booking package"
BOOKS = "issueddocument dayreport"
MONEY = "purchase payment paymentshare paymentproof refund"
PEOPLE = "user customer address"

ROLES: dict[str, frozenset[str]] = {
    "support": EVERYWHERE
    | permissions("orders", VIEW, f"{HISTORY} {MONEY} code statuslabel")
    | permissions("orders", ("add", "change", "force"), "order")
    | permissions("orders", ("add",), "refund")
    | permissions("orders", ("reveal",), "code")
    | permissions("vendors", VIEW, f"vendor vendortype merchant company driver device {SOLD}")
    | permissions("accounts", VIEW, f"{PEOPLE} mail declinedmail")
    | permissions("accounts", ("add", "change"), "customer address")
    | permissions("accounts", ("resend",), "mail")
    | permissions("accounts", ("add", "delete"), "declinedmail")
    | permissions("accounts", ("erase",), "customer"),
    "finance": EVERYWHERE
    | permissions("orders", VIEW, f"{HISTORY} {MONEY} account posting entry {BOOKS}")
    | permissions("orders", ("add", "change"), "refund")
    | permissions("orders", ("change",), "paymentproof")
    | permissions("orders", ("delete",), "order")
    | frozenset({"orders.top_up_wallet", "orders.pay_out"})
    | permissions("vendors", VIEW, "vendor vendortype merchant company driver offer")
    | permissions("accounts", VIEW, PEOPLE),
    # Sees the money, and moves none.
    "bookkeeper": EVERYWHERE
    | permissions("orders", VIEW, f"order {MONEY} account posting entry {BOOKS}")
    | permissions("vendors", VIEW, "vendor vendortype merchant driver"),
    "catalogue": EVERYWHERE
    | permissions("vendors", ALL, f"vendor vendortype {SOLD}")
    | permissions("vendors", WRITE, "merchant")
    | permissions("vendors", VIEW, "company device")
    | permissions("orders", ALL, "statuslabel")
    | permissions("orders", ("view", "change"), "webhookendpoint")
    | permissions("orders", VIEW, "webhookdelivery")
    | permissions("orders", ("view", "add"), "code"),
    "dispatcher": EVERYWHERE
    | permissions("orders", VIEW, HISTORY)
    | permissions("orders", ("change",), "order")
    | permissions("vendors", ALL, "company driver dispatcher")
    | permissions("vendors", VIEW, "vendor")
    | permissions("accounts", VIEW, "user"),
    "vendor manager": permissions("orders", VIEW, f"{HISTORY} refund code account {BOOKS}")
    | permissions("orders", ("add", "change"), "order")
    | permissions("orders", ("add",), "refund code")
    | permissions("vendors", ALL, SOLD)
    | permissions("vendors", VIEW, "device")
    | permissions("vendors", ("view", "change"), "vendor driver"),
}


def write_roles(apps: Any, labels: Iterable[str] = APPS, using: str = "default") -> None:
    """Has the groups hold what the table says of these apps; a fixed number of statements."""
    group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    if not router.allow_migrate_model(using, group_model):
        return
    groups = group_model.objects.using(using)
    known = {group.name: group for group in groups.filter(name__in=ROLES)}
    missing = [group_model(name=name) for name in ROLES if name not in known]
    groups.bulk_create(missing, ignore_conflicts=True)
    ids = (
        dict(groups.filter(name__in=ROLES).values_list("name", "pk"))
        if missing
        else {name: group.pk for name, group in known.items()}
    )
    rows = permission_model.objects.using(using).filter(content_type__app_label__in=labels)
    permission_ids = {
        f"{label}.{codename}": pk
        for pk, label, codename in rows.values_list("pk", "content_type__app_label", "codename")
    }
    wanted = {
        (ids[name], permission_ids[held]) for name, rights in ROLES.items() for held in rights if held in permission_ids
    }
    through = group_model.permissions.through
    links = through.objects.using(using).filter(group__in=ids.values(), permission__in=permission_ids.values())
    there = {(group, permission): pk for pk, group, permission in links.values_list("pk", "group_id", "permission_id")}
    links.filter(pk__in=[pk for pair, pk in there.items() if pair not in wanted]).delete()
    through.objects.using(using).bulk_create(
        [through(group_id=group, permission_id=permission) for group, permission in sorted(wanted - there.keys())],
        ignore_conflicts=True,
    )


def keep_roles(app_config: Any, using: str, apps: Any = installed, **kwargs: Any) -> None:
    """After an app is migrated, and its permissions made: the roles hold its part of the table (post_migrate).

    `apps` is the state of the migrations; after a flush nobody names one.
    """
    if app_config.label not in APPS:
        return
    try:
        apps.get_model("auth", "Group")
        apps.get_model("auth", "Permission")
    except LookupError:  # a state of the migrations in which there are none yet
        return
    write_roles(apps, [app_config.label], using)
