"""Forecasting: the next steps of a series, all at once (direct, not step by step)."""
