"""What the buttons send. A refused form is told as a message, and shown again as it was typed (admin.refused_forms)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from orders.lifecycle.reasons import REASONS
from orders.models import Account, Order, OrderEvent
from ordersite.accounts.models import Customer
from ordersite.backoffice.once import OnceForm
from ordersite.backoffice.row_choosers import Chooser
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.amount_columns import AmountField
from ordersite.core.money import CURRENCIES
from vendors.models import Driver

# Of inputs: nothing that somebody typed before is offered; a keyboard of digits.
PLAIN, NUMBER = {"autocomplete": "off"}, {"inputmode": "numeric"}
REASON_CHOICES = [("", "Choose a reason …"), *((reason.code, reason.label) for reason in REASONS.values())]


def first_error(form: forms.BaseForm) -> str:
    """What is wrong with a form, in one sentence with the field's label."""
    for name, errors in form.errors.items():
        label = form.fields[name].label or name.replace("_", " ").capitalize() if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""


def above_zero(minor: int, refusal: str) -> int:
    """An amount that is one; raises ValidationError with the refusal."""
    if minor <= 0:
        raise ValidationError(refusal)
    return minor


def check_words(given: dict[str, Any]) -> None:
    """Raises ValidationError where the reason that was chosen asks for words, and there are none."""
    code = given.get("reason_code")
    if code and REASONS[code].needs_text and not given.get("reason", "").strip():
        raise ValidationError({"reason": "This reason needs an explanation: type one."})


class VersionForm(TypedForm, forms.Form):
    """The version that the page showed: whoever changed the order since then wins, and this caller is told."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class ReasonForm(TypedForm, forms.Form):
    """A code, and a text where the code asks for one."""

    reason_code = forms.ChoiceField(label="Reason", choices=REASON_CHOICES)
    reason = forms.CharField(
        label="Explanation", max_length=500, required=False, help_text="Everyone involved in the order can read it."
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        check_words(given)
        return given


class MoveForm(VersionForm):
    """One change of status."""

    transition = forms.CharField(max_length=30, widget=forms.HiddenInput)
    reason_code = forms.ChoiceField(label="Reason", choices=REASON_CHOICES, required=False)
    reason = forms.CharField(label="Explanation", max_length=500, required=False, widget=forms.TextInput(PLAIN))
    prepared_in = forms.IntegerField(
        label="Ready in", min_value=1, max_value=10_080, required=False, widget=forms.NumberInput(NUMBER)
    )
    code = forms.CharField(
        label="Collection code", max_length=40, required=False, widget=forms.TextInput({**PLAIN, **NUMBER})
    )
    proof = forms.CharField(max_length=200, required=False, widget=forms.TextInput(PLAIN))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        check_words(given)
        return given


class DriverForm(VersionForm):
    driver = forms.ModelChoiceField(
        Driver.objects.order_by("name", "pk"),
        required=False,
        widget=Chooser(Order._meta.get_field("driver"), admin.site, attrs={"data-placeholder": "Nobody"}),
    )


class TrackingNumberForm(VersionForm):
    tracking_number = forms.CharField(max_length=80)
    carrier = forms.CharField(max_length=60, required=False)


class NoteForm(OnceForm):
    text = forms.CharField(label="Note", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    visible_to = forms.ChoiceField(label="Visible to", choices=OrderEvent.VisibleTo.choices, initial="staff")


class SettleForm(VersionForm):
    """What was done about a problem that the customer reported."""

    number = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    note = forms.CharField(
        label="What was done",
        max_length=500,
        help_text="The customer and the vendor read it.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TopUpForm(TypedForm, forms.Form):
    """Puts money into a customer's wallet."""

    customer = forms.ModelChoiceField(
        Customer.objects.select_related("user").filter(user__isnull=False),
        widget=Chooser(Account._meta.get_field("customer"), admin.site),
        help_text="By name, e-mail or phone. A guest has no wallet; one that is “not confirmed” gave an e-mail "
        "that may be somebody else's.",
        error_messages={"invalid_choice": "Choose a customer with an account: a guest has no wallet."},
    )
    currency = forms.ChoiceField(choices=[(code, code) for code in sorted(CURRENCIES)], initial="EUR")
    amount = AmountField(help_text="Such as 25.00")
    text = forms.CharField(label="What for", max_length=200, required=False)

    def clean_amount(self) -> int:
        return above_zero(self.cleaned_data["amount"], "A top-up must be more than zero.")
