"""Where a step stands in its sequence."""
