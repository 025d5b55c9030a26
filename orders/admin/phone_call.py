"""What every order by phone asks for: who calls, for when, how it is paid; and placing it at the price shown."""

from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from rest_framework import serializers

from orders.admin.display import money
from orders.admin.phone_words import in_words_of_form
from orders.admin.service_calls import perform_and_answer
from orders.checkout import Checked
from orders.services.paying.providers import available_methods
from orders.services.placing.parties import Guest, Placing
from orders.services.placing.placing import place
from ordersite.accounts.models import Customer
from ordersite.accounts.scoping import caller_of_request
from ordersite.backoffice.moments import WallClockField
from ordersite.backoffice.once import OnceForm
from ordersite.core.money import Money
from ordersite.web.serializers import PhoneField
from vendors.models import Vendor

LOCAL = "%Y-%m-%dT%H:%M"
GUEST = ("guest_name", "guest_phone", "guest_email")


class CallForm(OnceForm):
    """A guest's name and phone, or a customer that was chosen before."""

    guest_name = forms.CharField(label="Name", max_length=120, required=False)
    guest_phone = forms.CharField(label="Phone", max_length=40, required=False, widget=forms.TextInput({"type": "tel"}))
    guest_email = forms.EmailField(label="E-mail", required=False)
    deliver_at = WallClockField(
        label="For when",
        required=False,
        input_formats=[LOCAL],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=LOCAL),
    )
    payment_method = forms.ChoiceField()
    offer = forms.CharField(label="Offer code", max_length=40, required=False)
    comment = forms.CharField(max_length=500, required=False, widget=forms.Textarea({"rows": 2}))
    # What the last quote said, in minor units: nothing is placed at another price.
    total = forms.IntegerField(min_value=0, max_value=10**15, required=False, widget=forms.HiddenInput)

    def __init__(self, vendor: Vendor, customer: Customer | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.vendor, self.customer = vendor, customer
        methods = [name for name in vendor.payment_methods if name in available_methods()]
        # Any: a form's fields are known by name only.
        fields: dict[str, Any] = self.fields
        fields["payment_method"].choices = [(name, name) for name in methods]
        fields["deliver_at"].zone = vendor.zone
        fields["deliver_at"].help_text = f"In the time zone {vendor.time_zone}. Leave it empty for as soon as possible."
        if customer is not None:
            for name in GUEST:
                del self.fields[name]

    def clean_guest_phone(self) -> str:
        return self.read_phone("guest_phone")

    def read_phone(self, name: str) -> str:
        """As E.164; the vendor's national notation is read too."""
        field = PhoneField(region=self.vendor.country, allow_blank=True)
        try:
            return str(field.run_validation(self.cleaned_data[name]))
        except serializers.ValidationError as error:
            raise ValidationError("This is not a phone number: type it in full, such as +32 470 12 34 56.") from error

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "guest_name" in self.fields and not self.errors:
            if not given["guest_name"]:
                self.add_error("guest_name", "Fill in the customer's name.")
            if not given["guest_phone"] and not given["guest_email"]:
                self.add_error("guest_phone", "Fill in a phone or an e-mail, so that the guest can be reached.")
        return given

    @property
    def lacks_guest(self) -> bool:
        """Whether something of who calls is missing or wrong: it costs nothing."""
        return any(name in self.errors for name in GUEST)

    @property
    def can_be_priced(self) -> bool:
        """Whether all else is told."""
        return not set(self.errors) - set(GUEST)

    def guest(self) -> Guest | None:
        """Who calls, where no customer was chosen; None too as long as that is not told."""
        if self.customer is not None or self.lacks_guest:
            return None
        name, phone, email = (self.cleaned_data[name] for name in GUEST)
        return Guest(name=name, phone=phone, email=email)


def place_once(request: HttpRequest, form: CallForm, placing: Placing, checked: Checked) -> int | None:
    """Places it at the price that was shown, once a form; the order's id, or None where it was refused."""
    priced, caller = checked.priced, caller_of_request(request)
    if form.cleaned_data["total"] != priced.total:
        form.add_error(
            None, f"The price is now {money(priced.total, priced.currency)}: check it, and place the order again."
        )
        return None
    checkout = replace(placing.checkout, total=Money(priced.total, priced.currency))

    def call() -> dict[str, int]:
        with in_words_of_form(form.vendor):
            placed = place(placing=replace(placing, checkout=checkout), caller=caller)
        return {"order": placed.orders[0].pk}

    response = perform_and_answer(request, call, done="The order was placed.", key=str(form.cleaned_data["key"]))
    return int(response.data["order"]) if response else None
