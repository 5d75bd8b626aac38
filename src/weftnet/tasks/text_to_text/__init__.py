"""Text to text: a text is read, and another is written, token by token."""
