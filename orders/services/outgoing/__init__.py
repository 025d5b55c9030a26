"""What is told outside: who is told of what, and what came of it. The worker sends (tracking.webhooks)."""
