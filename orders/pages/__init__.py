"""Pages for people: of one payment, without a login, and the vendor board."""
