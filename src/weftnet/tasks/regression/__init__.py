"""Regression: a number for every example."""
