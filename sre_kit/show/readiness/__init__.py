"""Monitoring, stability and the hand-over for readers."""
