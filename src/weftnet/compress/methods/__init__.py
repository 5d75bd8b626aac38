"""The methods of compression, one a file."""
