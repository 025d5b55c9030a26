"""The registry of payment methods: whoever speaks of methods knows all of them, and nobody asks by a method's name."""

import ast
from pathlib import Path

import pytest

from orders.dialects.kesk.words import METHODS as KESK_NUMBERS
from orders.dialects.ordering.words import PAYMETHODS as ORDERING_NUMBERS
from orders.models import AWAITED_PAYMENT, OPEN_PAYMENT, RECEIVED, PaymentStatus
from vendors.models import Vendor
from vendors.payment_methods import METHOD_NAMES, METHODS, NO_METHOD, ONLINE_METHODS, find_method

pytestmark = pytest.mark.pure
NAMED = {*METHOD_NAMES} - {"fake", "mollie"}


def comparisons_with_names(source: str) -> list[int]:
    """The lines that compare something with the name of a payment method."""
    found: list[int] = []
    if not any(name in source for name in NAMED):
        return found
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            texts = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            if texts & NAMED:
                found.append(node.lineno)
    return found


def test_the_dialects_have_a_number_for_every_method() -> None:
    assert sorted(KESK_NUMBERS.values()) == sorted(ORDERING_NUMBERS) == sorted(METHOD_NAMES)


def test_a_method_is_found_by_its_name_and_nothing_is_no_method() -> None:
    assert [find_method(name) for name in METHOD_NAMES] == list(METHODS)
    assert ONLINE_METHODS == ("mollie", "fake")
    assert find_method("") == find_method("barter") == NO_METHOD
    questions = ("is_online", "is_awaited", "is_on_handover", "is_secured", "is_wallet", "needs_proof")
    assert [name for name in questions if getattr(NO_METHOD, name)] == []


def test_what_is_awaited_has_a_time_to_pay_that_a_vendor_sets() -> None:
    for method in METHODS:
        assert bool(method.minutes) == method.is_awaited
        assert not method.minutes or Vendor._meta.get_field(method.minutes)
        assert method.received_by


def test_nobody_asks_a_method_by_its_name() -> None:
    planted = 'if order.payment_method == "cash":\n    pass\nif name in ("wallet", "x"):\n    pass\n'
    assert comparisons_with_names(planted) == [1, 3]
    found = [
        f"{path}:{line}"
        for folder in ("orders", "vendors", "tracking")
        for path in sorted(Path(folder).rglob("*.py"))
        for line in comparisons_with_names(path.read_text())
        if "migrations" not in path.parts
    ]
    # A dialect's input of the name `cash`: the amount that is handed over, no method.
    assert [one.split(":")[0] for one in found] == ["orders/dialects/ordering/views.py"] * 2


def test_each_state_of_a_payment_answers_the_questions() -> None:
    answers = {
        state.value: (state.is_open, state.is_awaited, state.is_secured, state.is_kept, state.is_received)
        for state in PaymentStatus
    }
    assert answers == {
        "unpaid": (True, True, False, False, False),
        "failed": (True, True, False, False, False),
        "proof_pending": (False, True, False, False, False),
        "authorised": (False, False, True, False, False),
        "paid": (False, False, True, True, True),
        "partly_refunded": (False, False, True, True, True),
        "refunded": (False, False, False, False, True),
    }
    assert {*OPEN_PAYMENT} == {"unpaid", "failed"}
    assert {*AWAITED_PAYMENT} == {"unpaid", "failed", "proof_pending"}
    assert {*RECEIVED} == {"paid", "partly_refunded", "refunded"}
