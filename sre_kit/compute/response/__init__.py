"""Incidents: how bad, how often, how long, what they cost, and what is owed afterwards."""
