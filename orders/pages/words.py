"""What pages call statuses, changes, delivery types and reasons, in the reader's language.

A word that is missing here is made of the name itself, so that a new change or status shows itself all the same.
"""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import RULES, Fulfilment, Status
from orders.models import ProblemReport
from orders.reading.reason_words import WHY
from orders.reading.tickets import WAYS
from orders.services.moving.transitions import START_PREPARING
from vendors.allergens import ALLERGENS

# As a vendor says them: what a button does.
CHANGES = {
    "accept": _("Accept"),
    "accept_by_company": _("Company accepts"),
    "accept_by_driver": _("Driver accepts"),
    "cancel_by_customer": _("Cancel for the customer"),
    "cancel_by_driver": _("Driver gives it back"),
    "cancel_by_staff": _("Cancel the order"),
    "collect": _("Handed over"),
    "complete": _("Complete"),
    "correct_collection": _("It was collected after all"),
    "correct_delivery": _("It was delivered after all"),
    "customer_nearing": _("Customer is near"),
    "customer_arrive": _("Customer is here"),
    "deliver": _("Delivered"),
    "depart": _("On the way"),
    "driver_arrive": _("Driver is here"),
    "driver_nearing_business": _("Driver is near"),
    "driver_nearing_customer": _("Driver is near the customer"),
    "driver_wait": _("Driver waits"),
    "fail_delivery": _("Delivery failed"),
    "fail_pickup": _("Pick-up failed"),
    "look_for_driver": _("Look for a driver"),
    "mark_ready": _("Ready"),
    "mark_not_collected": _("Nobody collected it"),
    "pick_up": _("Handed to the driver"),
    "reject": _("Reject"),
    "release_preorder": _("Start it now"),
    "reopen": _("Reopen"),
    "report_not_ready": _("Not ready yet"),
    "reschedule": _("Move to later"),
    "retry_delivery": _("Try the delivery again"),
    "self_deliver": _("Deliver it ourselves"),
    "stop_search": _("Stop looking for a driver"),
    "undo_collect": _("Not handed over after all"),
    "undo_complete": _("Not completed after all"),
    "undo_delivery": _("Not delivered after all"),
    "undo_pick_up": _("Not handed to the driver after all"),
    "undo_ready": _("Not ready after all"),
    "undo_reject": _("Not rejected after all"),
    START_PREPARING: _("Start preparing"),
}
STATUSES = {
    "pending": _("New"),
    "completed": _("Completed"),
    "rejected": _("Cancelled by the site"),
    "driver_in_business": _("Driver is here"),
    "preparation_completed": _("Ready"),
    "rejected_by_business": _("Rejected"),
    "canceled_by_driver": _("Driver has given it back"),
    "accepted_by_business": _("Accepted"),
    "accepted_by_driver": _("Driver found"),
    "pick_up_completed_by_driver": _("With the driver"),
    "pick_up_failed_by_driver": _("Pick-up failed"),
    "delivery_completed_by_driver": _("Delivered"),
    "delivery_failed_by_driver": _("Delivery failed"),
    "preorder": _("Preorder"),
    "order_not_ready": _("Driver waits: not ready"),
    "pickup_completed_by_customer": _("Handed over"),
    "canceled_by_customer": _("Cancelled by the customer"),
    "not_picked_by_customer": _("Nobody collected it"),
    "driver_almost_arrived_to_business": _("Driver is near"),
    "driver_almost_arrived_to_customer": _("Driver is near the customer"),
    "customer_almost_arrived_to_business": _("Customer is near"),
    "customer_arrived_to_business": _("Customer is here"),
    "looking_for_driver": _("Looking for a driver"),
    "driver_on_way": _("On the way"),
    "driver_waiting_for_order": _("Driver waits"),
    "accepted_by_driver_company": _("Company has accepted"),
}
FULFILMENTS = {fulfilment.slug: word for fulfilment, word in WAYS.items()}
# What a customer reports; as the customer chooses it, and as the board tells it.
PROBLEMS = {
    "missing_item": _("Something is missing"),
    "wrong_item": _("Something else came"),
    "late": _("It is too late"),
    "damaged": _("It is damaged"),
    "not_arrived": _("It has not arrived"),
    "other": _("Something else"),
}


def worded(names: Iterable[str], words: Mapping[str, str]) -> dict[str, str]:
    """Each name with its word in the language that is active."""
    return {name: gettext(words.get(name) or name.replace("_", " ").capitalize()) for name in names}


def change_names() -> list[str]:
    """The names of all changes of an order, start_preparing among them."""
    return sorted({rule.name for rule in RULES} | {START_PREPARING})


def board_words() -> dict[str, dict[str, str]]:
    """The words of a board's script, by what they are of and by name."""
    return {
        "changes": worded(change_names(), CHANGES),
        "statuses": worded([status.slug for status in Status], STATUSES),
        "fulfilments": worded([fulfilment.slug for fulfilment in Fulfilment], FULFILMENTS),
        "reasons": worded(REASONS, WHY),
        "allergens": worded(ALLERGENS, ALLERGENS),
        "problems": worded(ProblemReport.Reason.values, PROBLEMS),
    }
