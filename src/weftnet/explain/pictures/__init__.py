"""Drawings, one kind of input each: the input, and over it what speaks for the target and what against it."""
