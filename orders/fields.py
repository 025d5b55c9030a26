"""How orders' own values are written in JSON: delivery types, statuses, addresses, substitutes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.lifecycle.table import Fulfilment, Status
from ordersite.core.unprinted import has_unprinted
from ordersite.web.serializers import MAX_ID, LineField

STATUSES = {status.slug: status for status in Status}
DELIVERY_TYPES = [fulfilment.slug for fulfilment in Fulfilment]
FULFILMENTS = {fulfilment.slug: fulfilment for fulfilment in Fulfilment if fulfilment != Fulfilment.DIGITAL}


def status_as_json(status: int) -> dict[str, Any]:
    """{"code": 7, "name": "accepted_by_business"}."""
    return {"code": int(status), "name": Status(status).slug}


@extend_schema_field(
    {
        "type": "object",
        "required": ["code", "name"],
        "properties": {
            "code": {"type": "integer", "minimum": 0, "maximum": 25},
            "name": {"type": "string", "enum": list(STATUSES)},
        },
    },
    component_name="OrderStatus",
)
class StatusField(serializers.Field):
    """A status as the API tells it."""

    def to_representation(self, value: int) -> dict[str, Any]:
        return status_as_json(value)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 0, "maximum": 25},
            {"type": "string", "enum": [*STATUSES, *(str(status.value) for status in Status)]},
        ]
    }
)
class StatusInputField(serializers.Field):
    """A status by code or name."""

    default_error_messages = {"invalid": "Send a status by its code (0–25) or its name, such as accepted_by_business."}

    def to_internal_value(self, data: Any) -> Status:
        if isinstance(data, str) and data.lower() in STATUSES:
            return STATUSES[data.lower()]
        if isinstance(data, str) and data.isascii() and data.isdecimal() and len(data) <= 2:
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data <= 25:
            self.fail("invalid")
        return Status(data)


@extend_schema_field({"type": "string", "enum": DELIVERY_TYPES})
class FulfilmentField(serializers.Field):
    """ "delivery", "pickup", …"""

    def to_representation(self, value: int) -> str:
        return Fulfilment(value).slug


@extend_schema_field(
    {"oneOf": [{"type": "string", "enum": list(FULFILMENTS)}, {"type": "integer", "minimum": 1, "maximum": 5}]}
)
class FulfilmentInputField(serializers.Field):
    """A delivery type by name or number 1–5."""

    default_error_messages = {"invalid": f"Send one of {', '.join(FULFILMENTS)}, or 1 to 5."}

    def to_internal_value(self, data: Any) -> Fulfilment:
        if isinstance(data, str) and data in FULFILMENTS:
            return FULFILMENTS[data]
        if isinstance(data, str) and data.isascii() and data.isdecimal() and len(data) == 1:
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int) or not 1 <= data <= 5:
            self.fail("invalid")
        return Fulfilment(data)


@extend_schema_field({"oneOf": [{"type": "string", "maxLength": 300}, {"type": "integer", "minimum": 1}]})
class AddressField(serializers.Field):
    """A text, or the id of one of the customer's saved addresses."""

    default_error_messages = {
        "invalid": "Send the address as a text, or the id of a saved one.",
        "max_length": "The address is longer than 300 characters.",
        "blank": "The address is empty: leave it out, or send one.",
        **LineField.default_error_messages,
    }

    def to_internal_value(self, data: Any) -> str | int:
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data < 2**63:
            return data
        if not isinstance(data, str):
            self.fail("invalid")
        if len(data) > 300:
            self.fail("max_length")
        if has_unprinted(data.strip()):
            self.fail("control")
        if not data.strip():
            self.fail("blank")
        return data.strip()


@extend_schema_field(
    {
        "oneOf": [
            {
                "type": "object",
                "required": ["product"],
                "additionalProperties": False,
                "properties": {"product": {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID}},
            },
            {"type": "string", "enum": ["remove"]},
        ]
    },
    component_name="Substitute",
)
class SubstituteField(serializers.Field):
    """What to do where an item cannot be had: another product, or to leave it out."""

    default_error_messages = {"invalid": 'Send {{"product": the id of a product on this vendor\'s menu}} or "remove".'}

    def to_internal_value(self, data: Any) -> Any:
        if data == "remove":
            return data
        if not isinstance(data, dict) or set(data) != {"product"}:
            self.fail("invalid")
        product = data["product"]
        if isinstance(product, bool) or not isinstance(product, int) or not 1 <= product <= MAX_ID:
            self.fail("invalid")
        return product
