"""That the ledger proves itself: for the end of every test in which money moves."""

from orders.services.money.ledger_check import check_ledger


def differences(order_id: int | None = None) -> list[tuple[str, str]]:
    """What differs: the kind of check, and the sentence."""
    return [(outcome.name, text) for outcome in check_ledger(order_id) for text in outcome.differences]


def assert_ledger_proves_itself() -> None:
    assert differences() == []
