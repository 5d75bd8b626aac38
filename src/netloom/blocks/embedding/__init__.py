"""Tables of learned vectors."""
