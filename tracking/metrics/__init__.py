"""What is told to Prometheus: /metrics, and what is read from the database for it."""
