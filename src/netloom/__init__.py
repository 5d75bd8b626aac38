"""netloom composes, costs, trains and compares neural networks built from blocks of every family."""

__version__ = "0.1.0"
