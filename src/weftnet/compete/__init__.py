"""Several architectures on the same data, under the same budget: proposals, jobs, the pool, standings, comparison."""
