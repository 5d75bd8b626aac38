"""Blocks that replace values by the nearest of a few."""
