"""Incidents for readers."""
