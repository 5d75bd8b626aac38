"""Learning to rank, as a plugin: lists of items that answer a query, to be put in the order of their relevance.

A row is a query: `items`, some numbers for each, and `grades`, how relevant each is (0 not at all, −1 not judged).
"""

__version__ = "0.1"
