"""Several networks in one: members that share most of their weights, and read and answer side by side."""
