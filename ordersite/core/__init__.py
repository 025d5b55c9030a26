"""What everything else stands on: no HTTP, no order."""
