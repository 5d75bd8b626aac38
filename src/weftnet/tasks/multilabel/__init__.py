"""Multilabel: which of K labels an example has; any number of them, each decided by itself."""
