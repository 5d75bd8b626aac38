"""Positions of the steps in a sequence."""
