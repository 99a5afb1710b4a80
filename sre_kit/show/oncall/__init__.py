"""On call for readers."""
