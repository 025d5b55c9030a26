"""The page on which staff change what was ordered: first the difference in price, then the change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from orders.admin.display import money
from orders.admin.forms import PLAIN, VersionForm, first_error
from orders.admin.order_page import asked_of, money_rows
from orders.admin.refused_forms import Kept, form_of, tell_refusal
from orders.admin.service_calls import NOTHING_CHANGED, changes_shown, perform_and_answer, refusal
from orders.checkout import MOST_QUANTITY
from orders.models import ItemChange, Line, Order
from orders.pricing import CartItem
from orders.services.editing.item_changes import Edited, EditWish, check_may_edit, edit_items, quote_edit
from orders.services.record.access import access_of, get_order
from orders.services.repricing.plan import in_words, item_of
from orders.services.repricing.plan import price_kept_line as as_kept
from ordersite.accounts.scoping import caller_of_request
from ordersite.core.faults import Refusal
from ordersite.web.problems import BadRequest, as_problem
from vendors.menu import Menu, MenuProduct
from vendors.services.menus import menu_of

Action, State = ItemChange.Action, ItemChange.State
MISSING = "missing"
MADE = "The items were changed. The history shows the price difference."
PROPOSED = "The change was proposed to the customer: the items stay as they are until it is accepted."


class EditForm(VersionForm):
    """One change: of an item of the order, or a product that is added."""

    action = forms.ChoiceField(choices=[*Action.choices, (MISSING, "is not available")])
    line = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    product = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    quantity = forms.IntegerField(min_value=1, max_value=MOST_QUANTITY, required=False)
    reason = forms.CharField(max_length=300, required=False)


class DecisionForm(VersionForm):
    """What the customer says of a change that waits, told to staff."""

    number = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    decision = forms.ChoiceField(choices=[("accept", "accept"), ("refuse", "refuse")])
    reason = forms.CharField(label="How it was said", max_length=300, required=False, widget=forms.TextInput(PLAIN))


def change_items(request: HttpRequest, order: Order, kept: Kept | None, base: Mapping[str, Any]) -> HttpResponse:
    """The page; `kept` is a customer's answer that was refused. `base` is what every page of the back-office shows."""
    back = HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))
    refused = why_items_stay(request, order)
    lines = list(order.lines.prefetch_related("options"))
    form = EditForm(request.POST or None)
    quoted, sent = None, dict[str, Any]()
    if request.method == "POST" and refused:
        messages.error(request, refused)
    elif request.method == "POST" and not form.is_valid():
        messages.error(request, first_error(form))
    elif request.method == "POST":
        try:
            wish = wish_of(lines, form.cleaned_data)
            if wish.action == Action.CHANGE and wish.item in map(item_of, lines_of(lines, wish.line)):
                messages.info(request, NOTHING_CHANGED)
                return back
            quoted, is_stale = look_at(request, order, wish)
        except (Refusal, OperationalError) as error:
            text = refusal(error)
            messages.error(request, text)
            tell_refusal(form, error, text)
        else:
            sent = {**form.cleaned_data, "version": quoted.order.version}
            # Where it is refused, a reason that is missing say, the page stays as it is.
            if "do" in request.POST and not is_stale and do(request, order, wish, form):
                return back
    menu = menu_of(order.vendor)
    context = {
        **base,
        "title": f"Items of order {order}",
        "order": order,
        "refused": refused,
        "lines": [
            (line, in_words(as_kept(line)), item_of(line) is not None, typed_of(form, line=line.pk)) for line in lines
        ],
        "adding": typed_of(form, action=Action.ADD),
        "products": [
            (product.id, f"{product.name}, {money(product.price, menu.currency)}")
            for product in menu.products.values()
            if product.is_available and not product.is_digital and not asks_for_choice(product)
        ],
        "waiting": [
            (change, what_waits(change, lines, menu), answer_form(kept, order, change)) for change in asked_of(order)
        ],
        "form": form,
        "sent": [(name, value) for name, value in sent.items() if name != "reason" and value is not None],
        "quoted": shown(quoted) if quoted else None,
    }
    return TemplateResponse(request, "admin/orders/order/items.html", context)


def typed_of(form: EditForm, **of: Any) -> EditForm | None:
    """The form where it was sent for this row of the page, so that the row shows what was typed."""
    sent = form.is_bound and all(form.data.get(name) == str(value) for name, value in of.items())
    return form if sent and form.errors else None


def answer_form(kept: Kept | None, order: Order, change: ItemChange) -> forms.Form:
    """What the customer says of a change that waits."""
    initial = {"version": order.version, "number": change.number}
    return form_of(kept, DecisionForm(initial=initial, auto_id=f"answer-{change.number}-%s"), number=change.number)


def asks_for_choice(product: MenuProduct) -> bool:
    """Whether it cannot be ordered by itself; a group that a choice brings up asks for nothing without that choice."""
    return any(group.minimum and group.condition_id is None for group in product.groups)


def what_waits(change: ItemChange, lines: list[Line], menu: Menu) -> str:
    """What is to become of an item: "2 × Soda → 4 × Soda"; nothing stands for what is not there."""
    old = next((in_words(as_kept(line)) for line in lines if line.position == change.line_position), "nothing")
    if change.item is None:
        return f"{old} → removed"
    product = menu.products.get(change.item["product"])
    return f"{old} → {change.item['quantity']} × {product.name if product else 'a product that is no longer sold'}"


def why_items_stay(request: HttpRequest, order: Order) -> str:
    """Why nothing of what was ordered can be changed; empty where it can."""
    if order.deleted_at is not None:
        return f"Order #{order.pk} is deleted: its items can no longer be changed."
    caller = caller_of_request(request)
    try:
        check_may_edit(access_of(caller, get_order(caller=caller, order_id=order.pk)))
    except Refusal as refused:
        return as_problem(refused).detail
    return ""


def look_at(request: HttpRequest, order: Order, wish: EditWish) -> tuple[Edited, bool]:
    """What the change costs, and whether the order has changed since the page was shown: that is told, and computed
    with."""
    caller = caller_of_request(request)
    try:
        return quote_edit(order_id=order.pk, caller=caller, wish=wish), False
    except Refusal as problem:
        if problem.code != "stale":
            raise
        messages.error(request, refusal(problem, lambda: changes_shown(request)))
    return quote_edit(order_id=order.pk, caller=caller, wish=replace(wish, version=None)), True


def lines_of(lines: list[Line], line_id: int | None) -> list[Line]:
    """The line of an id, where the order has it."""
    return [line for line in lines if line.pk == line_id]


def wish_of(lines: list[Line], given: Mapping[str, Any]) -> EditWish:
    """What the form asks for; an item keeps its choices where only its quantity changes."""
    action, line_id = given["action"], given["line"]
    wish = EditWish(
        action=Action.REMOVE if action == MISSING else Action(action),
        line=line_id,
        is_missing=action == MISSING,
        reason=given["reason"],
        version=given["version"],
    )
    if action == Action.ADD:
        return replace(wish, item=CartItem(product=given["product"] or 0, quantity=given["quantity"] or 1))
    if action != Action.CHANGE:
        return wish
    item = next(map(item_of, lines_of(lines, line_id)), None)
    if item is None:
        raise BadRequest("", "unknown", "This item is no longer on the menu or in the order: it can only be removed.")
    return replace(wish, item=replace(item, quantity=given["quantity"] or item.quantity))


def do(request: HttpRequest, order: Order, wish: EditWish, form: forms.Form) -> bool:
    """Makes the change, or proposes it; whether it was not refused."""
    caller, told = caller_of_request(request), MADE

    def call() -> None:
        nonlocal told
        edited = edit_items(order_id=order.pk, caller=caller, wish=wish)
        told = PROPOSED if edited.change.state == State.WAITING else MADE

    return perform_and_answer(request, call, done=lambda: told, form=form) is not None


def shown(edited: Edited) -> dict[str, Any]:
    """The order as it would be: lines in words, amounts, the difference, and whether the customer is asked."""
    priced, change = edited.priced, edited.change
    if priced is None:
        raise ValueError("a quote has its amounts")
    sign = "+" if change.difference > 0 else ""
    return {
        "lines": [(in_words(line), money(line.total, priced.currency)) for line in priced.lines],
        "amounts": money_rows(priced),
        "difference": f"{sign}{money(change.difference, priced.currency)}",
        "waits": change.state == State.WAITING,
    }
