"""The guided start of a new site: five steps with their forms, for who sets it up, until the first order is done."""

from dataclasses import dataclass

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from orders.models import HiddenGuide
from orders.reading.first_steps import FirstSteps, has_succeeded, read_first_steps
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere
from vendors.models import Category, Merchant, Product, Vendor


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step: what to do, why, and where (empty: not for this reader, or not yet)."""

    label: str
    hint: str
    url: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Guide:
    steps: list[FirstStep]
    is_empty: bool  # nothing was ordered: there is nothing else to be shown

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)


def sets_up(request: HttpRequest) -> bool:
    return acts_everywhere(request) and site.get_model_admin(Vendor).has_add_permission(request)


def form_url(request: HttpRequest, model: type[Model], row: Model | None, query: str = "") -> str:
    """The form of the row, or of a new one; empty for who may not save it."""
    page, base = site.get_model_admin(model), f"admin:{model._meta.app_label}_{model._meta.model_name}"
    if row is not None:
        return reverse(f"{base}_change", args=[row.pk]) if page.has_change_permission(request) else ""
    return f"{reverse(f'{base}_add')}{query}" if page.has_add_permission(request) else ""


def menu_url(request: HttpRequest, vendor: Vendor, category_id: int | None) -> str:
    """The form of the vendor's next product; before it has a category, that of its first one."""
    if category_id is None:
        return form_url(request, Category, None, f"?vendor={vendor.pk}")
    return form_url(request, Product, None, f"?vendor={vendor.pk}&category={category_id}")


def steps_in_words(request: HttpRequest, found: FirstSteps) -> list[FirstStep]:
    vendor = found.vendor
    of_vendor = form_url(request, Vendor, vendor, f"?merchant={found.merchant.pk}" if found.merchant else "")
    menu = menu_url(request, vendor, found.category_id) if vendor else ""
    by_phone = reverse("admin:orders_order_phone") if request.user.has_perm(Right.PLACE_ORDERS) else ""
    return [
        FirstStep(
            "Name the business",
            "The merchant who sells: with a legal name and an address its invoices can be issued.",
            form_url(request, Merchant, found.merchant),
            found.is_named,
        ),
        FirstStep(
            "Add a vendor with its opening hours",
            "Its type (the + beside it adds one), its currency, its time zone and its place on the map; without hours "
            "it counts as open day and night.",
            of_vendor,
            found.has_hours,
        ),
        FirstStep(
            "Fill the menu",
            "A category first, and in it a product with a price, are enough to begin.",
            menu,
            found.has_menu,
        ),
        FirstStep(
            "Say how orders reach their customers",
            "Pickup, eating in, or delivery with a zone.",
            of_vendor if vendor else "",
            found.has_way,
        ),
        FirstStep(
            "Place the first order, and bring it to its end",
            "By phone, as a customer would have it; once it is completed, this list is gone.",
            by_phone if vendor else "",
            found.has_order,
        ),
    ]


def guide_for(request: HttpRequest) -> Guide | None:
    """The guide, for who sets the site up and has not put it away, until an order has succeeded."""
    if not sets_up(request) or has_succeeded() or HiddenGuide.objects.filter(user=request.user.pk).exists():
        return None
    found = read_first_steps()
    return Guide(steps_in_words(request, found), is_empty=not found.has_order)


@require_POST
def hide_guide(request: HttpRequest) -> HttpResponse:
    """Puts it away for who asks; said again it changes nothing."""
    if not sets_up(request):
        raise PermissionDenied
    HiddenGuide.objects.get_or_create(user_id=request.user.pk or 0, defaults={"hidden_at": timezone.now()})
    return HttpResponseRedirect(reverse("admin:index"))
