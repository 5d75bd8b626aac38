"""Blocks that summarise windows, whole images or whole sequences."""
