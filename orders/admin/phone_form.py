"""The forms of an order by phone: where and for whom, and all of it but the products of the menu."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from orders.admin.address_fields import PlaceFields, degrees_text
from orders.admin.phone_call import CallForm
from orders.checkout import Cart, Checkout, CustomLine, Place
from orders.lifecycle.table import Fulfilment
from orders.models import Order
from orders.pricing import CartItem
from orders.services.placing.parties import Placing
from ordersite.accounts.models import Address, Customer
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.row_choosers import Chooser
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.amount_columns import AmountField
from ordersite.core.money import Money
from vendors.admin.scoping import within
from vendors.menu import Menu
from vendors.models import PackageType, Service, Vendor
from vendors.payment_methods import find_method
from vendors.services.menus import menu_of

FREE_LINES = range(1, 6)
# Without a name, where staff enter only a total.
FREE_NAME = "Order by phone"


class StartForm(TypedForm, forms.Form):
    """Where it is ordered, and for whom."""

    vendor = forms.ModelChoiceField(
        Vendor.objects.filter(is_active=True), widget=Chooser(Order._meta.get_field("vendor"), admin.site)
    )
    customer = forms.ModelChoiceField(
        Customer.objects.select_related("user"),
        required=False,
        widget=Chooser(Order._meta.get_field("customer"), admin.site, attrs={"data-placeholder": "A guest"}),
        help_text="By name, e-mail or phone. Leave it empty for a guest. One that is “not confirmed” gave an e-mail "
        "that may be somebody else's.",
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        vendor: Any = self.fields["vendor"]
        carried = PackageType.objects.filter(vendor=OuterRef("pk"), is_active=True)
        booked = Service.objects.filter(vendor=OuterRef("pk"), is_active=True)
        vendor.queryset = within(request, vendor.queryset, "pk").annotate(carries=Exists(carried), books=Exists(booked))
        if not acts_everywhere(request):
            del self.fields["customer"]


class AddressSelect(forms.Select):
    """Tells the script of the map where each address is."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if address := getattr(value, "instance", None):
            point = {"data-lat": degrees_text(address.lat), "data-lng": degrees_text(address.lng)}
            option["attrs"] |= {"data-address": address.address, **point}
        return option


class SavedAddressField(forms.ModelChoiceField):
    """A customer's saved address, in full."""

    widget = AddressSelect

    def label_from_instance(self, address: Any) -> str:
        return f"{address.label}: {address.address}" if address.label else str(address.address)


class PhoneForm(CallForm, PlaceFields):
    """Everything but the products of the menu."""

    delivery_type = forms.ChoiceField()
    saved_address = SavedAddressField(Address.objects.none(), required=False, empty_label="Another address")
    delivery_zone = forms.TypedChoiceField(
        label="Zone",
        coerce=int,
        empty_value=None,
        required=False,
        help_text="A zone that you choose here sets the delivery fee, even if the address has no location.",
    )
    table = forms.CharField(max_length=20, required=False)
    vehicle = forms.CharField(max_length=80, required=False)

    def __init__(self, vendor: Vendor, customer: Customer | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(vendor, customer, *args, **kwargs)
        self.custom: list[CustomLine] = []
        # Any: a form's fields are known by name only.
        fields: dict[str, Any] = self.fields
        menu = menu_of(vendor)
        self.only_codes = bool(menu.products) and all(product.is_digital for product in menu.products.values())
        self.types = [Fulfilment.DIGITAL.slug] if self.only_codes else vendor.fulfilments
        fields["delivery_type"].choices = [(name, name.replace("_", " ")) for name in self.types]
        zones = [(zone.id, zone.name) for zone in menu.zones]
        fields["delivery_zone"].choices = [("", "By the address"), *zones]
        if customer is None:
            del self.fields["saved_address"]
        else:
            fields["saved_address"].queryset = customer.addresses.all()
        if self.only_codes:
            # They come at once, and apart from all else: nobody meets to hand cash over.
            choices = fields["payment_method"].choices
            fields["payment_method"].choices = [one for one in choices if not find_method(one[0]).is_on_handover]
            del self.fields["deliver_at"]
            return
        for number in FREE_LINES:
            self.fields[f"free_name_{number}"] = forms.CharField(label=f"Line {number}", max_length=120, required=False)
            self.fields[f"free_amount_{number}"] = AmountField(
                label=f"Amount {number}", required=False, currency=vendor.currency
            )

    def free_lines(self) -> Iterator[tuple[forms.BoundField, forms.BoundField]]:
        numbers = () if self.only_codes else FREE_LINES
        return ((self[f"free_name_{number}"], self[f"free_amount_{number}"]) for number in numbers)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        for number in FREE_LINES:
            self.clean_free(number, given)
        if saved := given.get("saved_address"):
            self.clean_beside(saved, given)
        return given

    def clean_beside(self, saved: Address, given: dict[str, Any]) -> None:
        """Another address or point is not typed beside a saved address; a place chosen of several stands for it."""
        if given.get("chosen_place"):
            given["saved_address"] = None
            return
        for names in (("address",), ("lat", "lng")):
            if any(given.get(name) not in ("", None, getattr(saved, name)) for name in names):
                self.add_error(names[0], "A saved address is chosen: leave this empty, or choose “Another address”.")

    def show_point(self, address: str, lat: float | None, lng: float | None) -> None:
        super().show_point(address, lat, lng)
        data: Any = self.data
        data["saved_address"] = ""

    def clean_free(self, number: int, given: dict[str, Any]) -> None:
        """A free line has an amount; a name where it is not the only one."""
        name, minor = given.get(f"free_name_{number}", ""), given.get(f"free_amount_{number}")
        if minor is not None:
            self.custom.append(CustomLine(name=name or FREE_NAME, amount=Money(minor, self.vendor.currency)))
        elif name and f"free_amount_{number}" not in self.errors:
            self.add_error(f"free_amount_{number}", "Fill in the amount.")

    def place(self) -> Place:
        """The saved address that was chosen, else what was typed."""
        given = self.cleaned_data
        saved = given.get("saved_address")
        source = {"address": saved.address, "lat": saved.lat, "lng": saved.lng} if saved else given
        notes = given["address_notes"] or (saved.address_notes if saved else "")
        return Place(address=source["address"], address_notes=notes, lat=source["lat"], lng=source["lng"])

    def placing(self, items: list[CartItem], menu: Menu) -> Placing:
        """What is to be placed, for whom."""
        given = self.cleaned_data
        of_codes = bool(items) and not self.custom and all(menu.products[item.product].is_digital for item in items)
        cart = Cart(
            vendor_id=self.vendor.pk,
            items=items,
            custom=self.custom,
            fulfilment=None if of_codes else Fulfilment[given["delivery_type"].upper()],
            place=self.place(),
            delivery_zone_id=given["delivery_zone"] if given["delivery_type"] == "delivery" else None,
            deliver_at=None if of_codes else given.get("deliver_at"),
            offer=given["offer"],
            comment=given["comment"],
            table=given["table"],
            vehicle=given["vehicle"],
        )
        return Placing(
            checkout=Checkout(carts=[cart], payment_method=given["payment_method"]),
            customer_id=self.customer.pk if self.customer else None,
            guest=self.guest(),
        )
