"""Drawings, one file for each kind of input: the input, overlaid with its attributions."""
