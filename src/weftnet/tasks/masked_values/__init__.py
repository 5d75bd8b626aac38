"""Masked values: pieces of an image, a series or a table are hidden, and told from the rest."""
