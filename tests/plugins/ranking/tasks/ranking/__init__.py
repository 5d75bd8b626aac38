"""Ranking: the items of a list in the order of their relevance."""
