"""What a caller may see of orders, for every door."""
