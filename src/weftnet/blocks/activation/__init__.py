"""Nonlinearities, value by value, and softmax."""
