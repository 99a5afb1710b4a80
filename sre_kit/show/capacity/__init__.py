"""Capacity and money for readers."""
