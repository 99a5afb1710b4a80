"""Who carries the pager, from when to when, and what it asks of them."""
