"""Masked tokens: some tokens of a text are hidden, and told from those on both sides."""
