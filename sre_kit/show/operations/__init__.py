"""Recurring work, recovery and change for readers."""
