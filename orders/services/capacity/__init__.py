"""What can be taken only once or so often: slots, bookings, offers, codes."""
