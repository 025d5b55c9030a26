"""The pages of the back-office in groups of what they are for, whichever app their tables belong to."""

from collections.abc import Mapping, Sequence
from typing import Any

# By a group's slug: its title, and the models whose lists it leads to, in this order.
DESK_GROUPS: Mapping[str, tuple[str, Sequence[str]]] = {
    "orders": (
        "Orders",
        ("orders.Order", "orders.Booking", "orders.Package", "orders.OrderEvent", "orders.StatusLabel"),
    ),
    "money": (
        "Money",
        (
            "orders.Purchase",
            "orders.Payment",
            "orders.PaymentProof",
            "orders.Refund",
            "orders.Account",
            "orders.Posting",
            "orders.IssuedDocument",
            "orders.DayReport",
        ),
    ),
    "vendors": ("Vendors", ("vendors.Vendor", "vendors.Merchant", "vendors.VendorType", "vendors.Device")),
    "menus": (
        "Menus and offers",
        (
            "vendors.Product",
            "vendors.Category",
            "vendors.OptionGroup",
            "vendors.Option",
            "vendors.Service",
            "vendors.PackageType",
            "vendors.Offer",
            "orders.Code",
        ),
    ),
    "drivers": ("Drivers", ("vendors.Driver", "vendors.Company")),
    "people": (
        "People and mails",
        ("accounts.Customer", "accounts.User", "auth.Group", "accounts.Mail", "accounts.DeclinedMail"),
    ),
    "connections": (
        "Connections to other systems",
        ("accounts.ApiToken", "orders.WebhookEndpoint", "orders.WebhookDelivery"),
    ),
    "changes": ("Who changed what", ("web.AuditRow",)),
}


def group_models(apps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What Django lists by app, as groups; a group without a page that its reader may open is left out.

    A model that stands in no group comes last, with its app.
    """
    found = {model["model"]._meta.label: model for app in apps for model in app["models"]}
    groups = []
    for slug, (title, labels) in DESK_GROUPS.items():
        if models := [found.pop(label) for label in labels if label in found]:
            groups.append({"name": title, "app_label": slug, "app_url": "", "models": models, "is_group": True})
    rest = [{**app, "models": [one for one in app["models"] if one["model"]._meta.label in found]} for app in apps]
    return groups + [app for app in rest if app["models"]]
