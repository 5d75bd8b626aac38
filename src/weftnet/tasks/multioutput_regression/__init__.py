"""Multioutput regression: several numbers for every example."""
