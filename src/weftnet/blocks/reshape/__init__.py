"""The same values in another layout."""
