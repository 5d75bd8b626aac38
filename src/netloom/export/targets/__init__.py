"""What a network can be written as: one file for each."""
