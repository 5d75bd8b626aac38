"""What an architecture costs before it runs: shapes → parameters, FLOPs, memory, time."""
