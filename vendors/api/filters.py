"""The query parameters of the list of vendors."""

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet
from rest_framework.request import Request

from ordersite.web.filters import IdFilter, filtered_rows
from vendors.delivery_types import DELIVERY_TYPES
from vendors.models import Vendor
from vendors.services.openings import open_vendor_ids


class VendorFilter(FilterSet):
    """Narrows the vendors; `open_now` last, since it reads the hours of what is left."""

    type = IdFilter()
    q = CharFilter(field_name="name", lookup_expr="icontains", max_length=120)
    city = CharFilter(lookup_expr="iexact", max_length=80)
    delivery_type = ChoiceFilter(choices=[(name, name) for name in DELIVERY_TYPES], method="offering")
    open_now = ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="opened")

    class Meta:
        model = Vendor
        fields: list[str] = []

    def offering(self, rows: QuerySet[Vendor], name: str, value: str) -> QuerySet[Vendor]:
        # The list is JSON: SQLite cannot look into it, and no name is a part of another with its quotes.
        return rows.filter(fulfilments__icontains=f'"{DELIVERY_TYPES[value]}"')

    def opened(self, rows: QuerySet[Vendor], name: str, value: str) -> QuerySet[Vendor]:
        delivery_type = self.form.cleaned_data.get("delivery_type")
        ids = open_vendor_ids(rows, DELIVERY_TYPES.get(delivery_type, ""), timezone.now())
        return rows.filter(pk__in=ids) if value == "true" else rows.exclude(pk__in=ids)


def filtered(request: Request, rows: QuerySet[Vendor]) -> QuerySet[Vendor]:
    """The rows that the parameters ask for; raises Problem 400 that names each wrong one."""
    narrowed: QuerySet[Vendor] = filtered_rows(VendorFilter(request.query_params, rows))
    return narrowed
