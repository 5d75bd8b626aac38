"""Convolutions of sequences and images."""
