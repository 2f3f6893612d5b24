"""Scenarios: one folder each, found by name."""
