"""Is it watched, is it stable, who can run it."""
