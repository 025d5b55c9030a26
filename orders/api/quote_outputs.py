"""What a quote answers: the amounts of a cart, before anything is placed."""

from rest_framework import serializers

from orders.api.outputs import CHARGED, UNIT_PRICE, NamedOutput
from orders.fields import FulfilmentField
from ordersite.web.serializers import MoneyField, Output


class QuoteOption(Output):
    kind = serializers.CharField()
    id = serializers.IntegerField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    position = serializers.CharField()
    charged = serializers.CharField(help_text=CHARGED)
    total = MoneyField()


class QuoteLine(Output):
    product = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField(help_text=UNIT_PRICE)
    price_per = serializers.IntegerField()
    total = MoneyField()
    discount = MoneyField()
    tax = MoneyField()
    options = QuoteOption(many=True)


class QuoteAmounts(Output):
    """Amounts, line by line."""

    currency = serializers.CharField()
    items = QuoteLine(many=True)
    subtotal = MoneyField()
    discount = MoneyField()
    delivery_fee = MoneyField()
    service_fee = MoneyField()
    driver_tip = MoneyField()
    tax_included = MoneyField()
    tax_added = MoneyField()
    total = MoneyField()
    delivery_zone = NamedOutput(allow_null=True)
    distance = serializers.IntegerField(allow_null=True, help_text="Metres.")
    offer = NamedOutput(allow_null=True)
    preorder = serializers.BooleanField()


class QuotePart(QuoteAmounts):
    """One vendor's amounts, line by line."""

    vendor = NamedOutput()
    kind = serializers.CharField()
    delivery_type = FulfilmentField()


class QuoteOutput(QuoteAmounts):
    """The amounts of a cart, line by line: of all its vendors together, and in `orders` of each."""

    orders = QuotePart(many=True)
