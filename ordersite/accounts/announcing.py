"""Tells the apps above what has changed of people, so that they do what depends on it."""

from django.dispatch import Signal

# Sent with `user_id`, in the transaction of the change, when an account that was switched off is switched on again.
user_enabled = Signal()
