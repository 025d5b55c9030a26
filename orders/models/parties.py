"""How those who work on orders are named where ids alone would not tell them apart.

So their streams in the live feed are called, and those whom an order was offered to (`Order.asked`).
"""


def party_of_vendor(vendor_id: int) -> str:
    return f"vendor:{vendor_id}"


def party_of_driver(driver_id: int) -> str:
    return f"driver:{driver_id}"


def party_of_company(company_id: int) -> str:
    return f"company:{company_id}"


def kind_and_id(party: str) -> tuple[str, int]:
    kind, _, pk = party.partition(":")
    return kind, int(pk)


def counter_of(stream: str) -> str:
    """The counter that numbers the entries of a stream."""
    return f"stream:{stream}"
