"""An order whose items change: what it costs then, and the rows that follow."""
