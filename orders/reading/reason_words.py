"""What reasons are called, in a reader's language: the English words by the reason's code."""

from django.utils.translation import gettext_noop as _

WHY = {
    "customer_request": _("The customer asked for it"),
    "changed_mind": _("The customer changed their mind"),
    "ordered_by_mistake": _("Ordered by mistake"),
    "takes_too_long": _("It takes too long"),
    "out_of_stock": _("Something is out of stock"),
    "too_busy": _("We are too busy"),
    "closed": _("We are closed"),
    "not_ready": _("The order is not ready"),
    "outside_zone": _("The address is too far"),
    "wrong_address": _("The address is wrong"),
    "wrong_order": _("It is the wrong order"),
    "customer_absent": _("The customer was not there"),
    "customer_refused": _("The customer refused it"),
    "not_collected": _("Nobody collected it"),
    "no_driver": _("No driver was found"),
    "driver_unavailable": _("The driver cannot go on"),
    "vehicle_problem": _("The vehicle broke down"),
    "accident": _("There was an accident"),
    "damaged": _("It was damaged"),
    "no_answer": _("Nobody answered in time"),
    "not_paid": _("It was not paid in time"),
    "payment_failed": _("The payment failed"),
    "codes_unavailable": _("No code could be issued"),
    "fraud": _("It looks like fraud"),
    "mistake": _("A mistake is taken back"),
    "other": _("Another reason"),
}
