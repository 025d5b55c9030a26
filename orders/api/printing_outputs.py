"""Print jobs as JSON."""

from rest_framework import serializers

from orders.reading.tickets import ROW_KINDS


class PaperRowOutput(serializers.Serializer):
    """A row of a paper: what it is, its text, and what stands at its right edge."""

    kind = serializers.CharField(help_text=f"What the row is: {', '.join(ROW_KINDS)}.")
    text = serializers.CharField()
    right = serializers.CharField(help_text="What stands at its right edge.")


class PrintJobOutput(serializers.Serializer):
    """One sheet of paper."""

    id = serializers.IntegerField()
    order = serializers.IntegerField(source="order_id")
    number = serializers.IntegerField(source="order_number", help_text="The order's number, for its vendor and day.")
    called = serializers.CharField(source="order_called", help_text="The number with its letter, as the board has it.")
    kind = serializers.CharField(help_text="ticket, or cancellation: a slip that says that the order is cancelled.")
    copy = serializers.IntegerField(help_text="1 is the first paper; the others are marked as copies.")
    reason = serializers.CharField(
        help_text="accepted, asked, not_printed (the one before failed), reopened or cancelled."
    )
    may_double = serializers.BooleanField(help_text="Whether the paper before may have been printed; it says so.")
    tries = serializers.IntegerField(help_text="How many papers in a row failed before; a printer stops after 3.")
    state = serializers.CharField(
        help_text="waiting, claimed, unsure (not confirmed in time: look whether it was printed), printed, failed or "
        "withdrawn."
    )
    claimed_by = serializers.CharField(help_text="The device or person that prints it.")
    claimed_at = serializers.DateTimeField(allow_null=True, help_text="When somebody claimed it.")
    lease_until = serializers.DateTimeField(allow_null=True, help_text="Until when it is expected to be confirmed.")
    settled_at = serializers.DateTimeField(allow_null=True, help_text="When it was printed, failed or was withdrawn.")
    failure = serializers.CharField(help_text="Why it was not printed.")
    created_at = serializers.DateTimeField()


class ClaimedJobOutput(PrintJobOutput):
    """A job that the caller has claimed, with what to print."""

    rows = PaperRowOutput(many=True, help_text="The paper's rows from top to bottom.")
