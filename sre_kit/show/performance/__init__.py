"""Performance for readers."""
