"""Sources: each file reads one sort of source into a `Content`; its keyword arguments are the source's options."""
