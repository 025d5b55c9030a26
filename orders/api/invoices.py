"""An order's invoice, and the credit notes for what was given back of it."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import IssuedDocument
from orders.reading.documents import tell_documents
from orders.services.money.documents import SUMS, BuyingCompany, documents_of, issue_invoice
from ordersite.accounts.authentication import caller_of
from ordersite.web.serializers import Input, LineField, MoneyField, Output
from ordersite.web.views import ApiView, parse, render

RATE = "In hundredths of a percent: 2100 is 21 %."


class InvoiceInput(Input):
    """For whom the invoice is; nothing where the buyer buys for itself. Counts with the first call alone."""

    company = LineField(max_length=160, allow_blank=True, default="", help_text="Which the buyer buys for.")
    vat_number = LineField(
        max_length=30,
        allow_blank=True,
        default="",
        help_text="The company's, with the two letters of its country: BE0123456789.",
    )


class SellerOutput(Output):
    """Who sells, by its legal name, as it was when the invoice was issued."""

    name = serializers.CharField(help_text="The legal name.")
    address = serializers.CharField(help_text="Line by line.")
    vat_number = serializers.CharField(help_text="Empty if the seller has none.")


class BuyerOutput(Output):
    """Who buys, as the order says."""

    name = serializers.CharField(help_text="Of the contact, else of the customer.")
    address = serializers.CharField(help_text="Where it was delivered; empty if it was not.")
    company = serializers.CharField(help_text="Which the buyer buys for; empty if for itself.")
    vat_number = serializers.CharField(help_text="The company's; empty if none was given.")


class DocumentLineOutput(Output):
    """What was bought, with what was chosen for it, before any discount."""

    name = serializers.CharField(help_text="As the menu said when it was ordered.")
    options = serializers.ListField(child=serializers.CharField(), help_text="Options and extras that were chosen.")
    quantity = serializers.IntegerField(help_text="In the unit.")
    unit = serializers.CharField(help_text="In what the quantity counts.")
    tax_rate = serializers.IntegerField(help_text=RATE)
    total = MoneyField(help_text="With what was chosen; tax is in it, or added to it, as `prices_include_tax` says.")


class DocumentSumOutput(Output):
    """A sum on the way to the total; a discount is taken off."""

    kind = serializers.ChoiceField(choices=SUMS, help_text="Which sum it is.")
    amount = MoneyField()


class DocumentTaxOutput(Output):
    """What was sold (or is credited) at one rate: what lines, fees and discount come to, and the tax in it."""

    rate = serializers.IntegerField(help_text=RATE)
    net = MoneyField(help_text="Without tax.")
    tax = MoneyField(help_text="The tax.")
    gross = MoneyField(help_text="With tax.")


class DocumentOutput(Output):
    """An invoice or credit note as it was issued; it never changes."""

    kind = serializers.ChoiceField(choices=IssuedDocument.Kind.choices, help_text="Which of the two it is.")
    number = serializers.CharField(help_text="The year, and a number of the seller's without a gap: 2026-000012.")
    invoice = serializers.CharField(help_text="Of a credit note the number of its invoice; else empty.")
    issued_at = serializers.DateTimeField(help_text="When it was issued.")
    seller = SellerOutput(help_text="Who sold it.")
    buyer = BuyerOutput(help_text="Who bought it.")
    vendor = serializers.CharField(help_text="The place where it was bought.")
    order = serializers.IntegerField(help_text="The id of the order.")
    order_number = serializers.IntegerField(help_text="The order's number of its day.")
    placed_at = serializers.DateTimeField(help_text="When it was ordered.")
    completed_at = serializers.DateTimeField(help_text="When the order was completed.")
    payment_method = serializers.CharField(help_text="How it was paid.")
    prices_include_tax = serializers.BooleanField(help_text="Whether the amounts of lines and fees contain their tax.")
    lines = DocumentLineOutput(many=True, help_text="Empty for a credit note.")
    sums = DocumentSumOutput(many=True, help_text="Without those that are zero; empty for a credit note.")
    taxes = DocumentTaxOutput(many=True, help_text="By rate, the lowest first.")
    net = MoneyField(help_text="Without tax.")
    tax = MoneyField(help_text="The tax in it.")
    total = MoneyField(help_text="With tax; of a credit note what is credited.")


class InvoiceOutput(DocumentOutput):
    """An order's invoice, with a credit note for each refund since, oldest first."""

    credit_notes = DocumentOutput(many=True, help_text="What was given back since, oldest first.")


class InvoiceView(ApiView):
    """What was issued for an order, for its customer, its vendor and staff."""

    permission_classes = [AllowAny]

    @extend_schema(responses=InvoiceOutput, operation_id="readInvoice")
    def get(self, request: Request, order_id: int) -> Response:
        """The order's invoice as it was issued, with its credit notes; 404 until one was."""
        documents = documents_of(order_id=order_id, caller=caller_of(request))
        return Response(render(InvoiceOutput, tell_documents(documents)))

    @extend_schema(
        request=InvoiceInput, responses={200: InvoiceOutput, 201: InvoiceOutput}, operation_id="issueInvoice"
    )
    def post(self, request: Request, order_id: int) -> Response:
        """Have the invoice of a completed and paid order issued; asked again it answers the same one with 200."""
        company = BuyingCompany(**parse(InvoiceInput, request.data))
        documents, is_new = issue_invoice(order_id=order_id, caller=caller_of(request), company=company)
        return Response(render(InvoiceOutput, tell_documents(documents)), status=201 if is_new else 200)
