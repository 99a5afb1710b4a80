"""Objectives, budgets and alerts for readers."""
