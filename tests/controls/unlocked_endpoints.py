"""Control for the limit of webhook endpoints: what people write first, which counts and then adds."""

from tests.controls.meeting import meet


def lock_nothing(*args: object) -> None:
    """In the place of endpoints.lock_owner."""


def think_of_a_secret() -> str:
    """In the place of endpoints.make_secret: a busy server's time between counting and adding."""
    meet()
    return "whsec_"
