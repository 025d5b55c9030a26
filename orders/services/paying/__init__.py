"""Payments and refunds: how money comes in and goes back."""
