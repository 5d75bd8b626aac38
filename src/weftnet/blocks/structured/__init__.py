"""What ties the answers at several steps together."""
