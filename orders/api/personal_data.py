"""What is known of the caller as a customer, as one file, and erasing it."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.gateway import ProviderView, person_of
from orders.reading.personal_data import personal_data_file
from orders.services.personal.columns import TABLES
from orders.services.personal.erasing import check_erasable, erase_customer, forget_saved_methods
from ordersite.accounts.password_tries import try_password
from ordersite.accounts.services import ensure_customer
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from ordersite.web.idempotency import run_unsafe
from ordersite.web.serializers import Input
from ordersite.web.throttling import client_address
from ordersite.web.views import ApiView, parse


class ErasureInput(Input):
    password = serializers.CharField(max_length=128, trim_whitespace=False, help_text="Of the account, once more.")


def personal_data_schema() -> dict[str, Any]:
    """The file: a list of rows by table."""
    rows = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
    made_at = {"type": "string", "format": "date-time"}
    properties = {"made_at": made_at, **{table.name: rows for table in TABLES}, "mails": rows}
    return {"type": "object", "properties": properties, "required": list(properties)}


class PersonalDataView(ApiView):
    """What is known of the caller as a customer."""

    @extend_schema(responses={200: personal_data_schema()}, operation_id="exportMyData")
    def get(self, request: Request) -> HttpResponse:
        """All of it, by table, as a file."""
        return personal_data_file(ensure_customer(person_of(request)).pk, timezone.now())


class ErasureView(ProviderView):
    """Erasing the caller as a customer."""

    @extend_schema(request=ErasureInput, responses={204: None}, operation_id="eraseMe")
    def post(self, request: Request) -> Response:
        """Erase one's account and what names one; orders stay without names, with their numbers and money.

        Refused (409) while an order is open, a wallet holds money, or a driver who left has cash to hand in, and for
        who works here. It cannot be taken back: the account is closed, its tokens end at once, and its
        e-mail can be registered anew.
        """
        user, given = person_of(request), parse(ErasureInput, request.data)
        if not try_password(user.email, client_address(request), partial(user.check_password, given["password"])):
            raise Invalid(FaultCode.WRONG_PASSWORD, Field.PASSWORD)
        customer = check_erasable(ensure_customer(user).pk)
        forget_saved_methods(customer.pk)
        return run_unsafe(partial(self.erase, customer.pk))

    def erase(self, customer_id: int) -> Response:
        erase_customer(customer_id)
        return Response(status=204)
