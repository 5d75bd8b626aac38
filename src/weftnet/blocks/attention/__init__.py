"""Reading from a sequence by similarity."""
