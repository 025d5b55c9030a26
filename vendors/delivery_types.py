"""Delivery types as parameters name them."""

from ordersite.web.problems import BadRequest
from vendors.models import FULFILMENTS

# A delivery type by its name, or by the number that other systems of the field give it.
DELIVERY_TYPES = {
    **{name: name for name in FULFILMENTS},
    **{str(number): name for number, name in enumerate(FULFILMENTS, start=1)},
}
DELIVERY_TYPE_SCHEMA = {"type": "string", "enum": list(DELIVERY_TYPES)}


def delivery_type_of(text: str) -> str:
    """The fulfilment that a parameter names; raises BadRequest."""
    if text not in DELIVERY_TYPES:
        raise BadRequest("?delivery_type", "invalid", f"Send one of {', '.join(FULFILMENTS)}.")
    return DELIVERY_TYPES[text]
