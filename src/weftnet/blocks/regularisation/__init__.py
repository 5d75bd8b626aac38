"""Blocks that act while training only."""
