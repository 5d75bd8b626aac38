"""Maps along time, what is left out before them, and forecasts without weights."""
